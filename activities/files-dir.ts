// Where the files of a run lie: one folder a tenant, one folder a run, under the folder that the
// operator allows.

import { join, resolve } from "node:path";
import type { Config } from "../src/config.ts";

interface Folders {
  readonly tools: Pick<Config["tools"], "filesDir">;
  readonly stack: Pick<Config["stack"], "dir">;
}

export function filesDirOf(config: Folders, tenant: string, runId: string): string {
  const root = config.tools.filesDir ?? join(config.stack.dir, "files");
  return join(resolve(root), folderName(tenant), folderName(runId));
}

/** Names come from callers: nothing in them may be a path, and two names never share a folder. */
function folderName(name: string): string {
  const safe = encodeURIComponent(name.toWellFormed()).replace(/\./g, "%2E");
  return safe === "" ? "%" : safe;
}
