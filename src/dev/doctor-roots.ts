// The folders besides the run's own, as this machine's worker will find them when it starts.

import { join, resolve } from "node:path";
import type { Config } from "../config.ts";
import { rootWords } from "../domain/file-roots.ts";
import { openRoots } from "../files/open-roots.ts";
import { fail, ok, type Check } from "./check.ts";

export async function checkRoots({ tools, stack }: Config): Promise<readonly Check[]> {
  if (tools.filesRoots.length === 0) return [];
  const own = [tools.filesDir ?? join(stack.dir, "files"), stack.dir].map((path) => resolve(path));
  try {
    await openRoots(tools.filesRoots, own);
    return [ok("file roots", rootWords(tools.filesRoots))];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [fail("file roots", why, "mend PAWL_FILES_ROOTS; until then no worker starts here")];
  }
}
