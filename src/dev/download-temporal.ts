// Downloads the Temporal CLI of Pawl's choice (temporal-release.ts) and unpacks the one file, once the archive is
// what it must be. Gives up fast, since an offline machine has other ways.

import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { OnProgress } from "./on-progress.ts";
import { runCommand } from "./run-command.ts";
import { archiveFor, type TemporalArchive } from "./temporal-release.ts";

const RELEASES_URL = "https://github.com/temporalio/cli/releases/download";
const ANSWER_TIMEOUT_MS = 4000;
const ARCHIVE_TIMEOUT_MS = 5 * 60_000;
const UNPACK_TIMEOUT_MS = 60_000;
const EXECUTABLE = "temporal";

export interface Download {
  readonly archive: TemporalArchive | undefined;
  readonly releasesUrl: string;
}

const OURS: Download = {
  archive: archiveFor(process.platform, process.arch),
  releasesUrl: RELEASES_URL,
};

/** Returns the path of the binary, below `workDir`. */
export async function downloadTemporal(
  workDir: string,
  onProgress: OnProgress,
  { archive, releasesUrl }: Download = OURS,
): Promise<string> {
  if (archive === undefined) {
    throw new Error(`no checksum is known for ${process.platform} on ${process.arch}`);
  }
  const file = join(workDir, "temporal.tar.gz");
  await fetchTo(file, `${releasesUrl}/${archive.path}`, () =>
    onProgress("Downloading the Temporal dev server, once …"),
  );
  const sha256 = await sha256Of(file);
  if (sha256 !== archive.sha256) {
    throw new Error(
      `${archive.path} is not the release: its SHA-256 is ${sha256}, and not ${archive.sha256}`,
    );
  }
  await runCommand("tar", ["-xzf", file, "-C", workDir, EXECUTABLE], {
    timeoutMs: UNPACK_TIMEOUT_MS,
  });
  return join(workDir, EXECUTABLE);
}

async function fetchTo(file: string, url: string, onAnswer: () => void): Promise<void> {
  const answering = new AbortController();
  const timer = setTimeout(() => answering.abort(), ANSWER_TIMEOUT_MS);
  const signal = AbortSignal.any([answering.signal, AbortSignal.timeout(ARCHIVE_TIMEOUT_MS)]);
  const { ok, status, body } = await fetch(url, { signal })
    .catch((error: unknown) => {
      throw new Error(`${new URL(url).host} can't be reached`, { cause: error });
    })
    .finally(() => clearTimeout(timer));
  if (!ok) throw new Error(`${url} answered ${status}`);
  if (body === null) throw new Error(`${url} is empty`);
  onAnswer();
  await pipeline(Readable.fromWeb(body), createWriteStream(file, { flags: "wx", mode: 0o600 }));
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
