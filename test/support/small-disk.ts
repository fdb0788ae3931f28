// A file system of a few kilobytes, for what happens when a disk is full. Only root can have one.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  readonly dir: string;
  /** Until nothing more fits. */
  fill(): void;
  makeRoom(): void;
  /** It can only be read from then on. */
  lock(): void;
  close(): void;
}

const KB = 48;

/** Null where this user may not mount. */
export function openSmallDisk(): SmallDisk | null {
  const dir = mkdtempSync(join(tmpdir(), "pawl-small-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${KB}k`, "tmpfs", dir]);
  if (mounted.status !== 0) {
    rmSync(dir, { recursive: true });
    return null;
  }
  const filler = join(dir, "filler");
  return {
    dir,
    fill() {
      try {
        writeFileSync(filler, Buffer.alloc(2 * KB * 1024));
      } catch {
        // As far as it goes.
      }
    },
    lock: () => void spawnSync("mount", ["-o", "remount,ro", dir]),
    makeRoom: () => rmSync(filler, { force: true }),
    close() {
      spawnSync("umount", ["-l", dir]);
      rmSync(dir, { recursive: true });
    },
  };
}
