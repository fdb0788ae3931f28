// Where the older parts of a run's log lie while somebody watches it. The file has no name any more as
// soon as it is open, is readable by nobody else, and is gone with the process, however that ends.

import { randomUUID } from "node:crypto";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SpillFile {
  /** Resolves with where it lies. What was not written whole is overwritten by the next. */
  append(bytes: Buffer): Promise<number>;
  read(at: number, length: number): Promise<Buffer>;
  /** What is being read comes to its end first. */
  close(): Promise<void>;
}

/** In TMPDIR. */
export async function openSpillFile(): Promise<SpillFile> {
  const path = join(tmpdir(), `pawl-viewers-${randomUUID()}`);
  const handle = await open(path, "wx+", 0o600);
  try {
    await unlink(path);
  } catch (error) {
    await handle.close();
    throw error;
  }
  let end = 0;
  return {
    async append(bytes) {
      const at = end;
      await writeAll(handle, bytes, at);
      end = at + bytes.length;
      return at;
    },
    read: (at, length) => readAll(handle, at, length),
    close: () => handle.close(),
  };
}

async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

async function readAll(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new Error(`the spill file ends at ${at + done}`);
    done += bytesRead;
  }
  return bytes;
}
