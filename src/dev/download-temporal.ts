// Downloads the Temporal CLI the way Temporal's SDKs do: ask temporal.download for the archive of
// this platform, unpack the one file. Gives up fast, since an offline machine has other ways.

import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import type { OnProgress } from "./on-progress.ts";
import { runCommand } from "./run-command.ts";

const DOWNLOAD_URL = "https://temporal.download";
const INFO_TIMEOUT_MS = 4000;
const ARCHIVE_TIMEOUT_MS = 5 * 60_000;
const UNPACK_TIMEOUT_MS = 60_000;

const INFO = z.object({ archiveUrl: z.url(), fileToExtract: z.string().regex(/^[\w.-]+$/) });

/** Returns the path of the binary, below `workDir`. */
export async function downloadTemporal(
  workDir: string,
  onProgress: OnProgress,
  baseUrl = DOWNLOAD_URL,
): Promise<string> {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const query = new URLSearchParams({ arch, platform, format: "tar.gz" });
  const asked = await fetchOk(`${baseUrl}/cli/default?${query.toString()}`, INFO_TIMEOUT_MS);
  const info = INFO.parse(await asked.json());
  onProgress("Downloading the Temporal dev server, once …");
  const archive = join(workDir, "temporal.tar.gz");
  const { body } = await fetchOk(info.archiveUrl, ARCHIVE_TIMEOUT_MS);
  if (body === null) throw new Error(`${info.archiveUrl} is empty`);
  await pipeline(Readable.fromWeb(body), createWriteStream(archive));
  await runCommand("tar", ["-xzf", archive, "-C", workDir, info.fileToExtract], {
    timeoutMs: UNPACK_TIMEOUT_MS,
  });
  return join(workDir, info.fileToExtract);
}

async function fetchOk(url: string, timeoutMs: number): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch(
    (error: unknown) => {
      throw new Error(`${new URL(url).host} can't be reached`, { cause: error });
    },
  );
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}
