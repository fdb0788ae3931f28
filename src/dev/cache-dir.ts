// Where what was fetched once is kept: `$XDG_CACHE_HOME/pawl`, by default `~/.cache/pawl`. A user without a home
// of his own (a container with any uid, HOME=/) keeps it in the state folder.

import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** `spareDir` is taken where the user has no folder that can be written to. */
export function cacheDir(env: NodeJS.ProcessEnv, spareDir?: string): string {
  const usual = usualCache(env);
  if (spareDir === undefined) return usual ?? join(".pawl", "cache");
  return usual !== undefined && canBeWritten(usual) ? usual : join(spareDir, "cache");
}

function usualCache(env: NodeJS.ProcessEnv): string | undefined {
  if (env["XDG_CACHE_HOME"]) return join(env["XDG_CACHE_HOME"], "pawl");
  const home = env["HOME"] || homeOfUser();
  return home && join(home, ".cache", "pawl");
}

/** Throws in Node where the user is in no list of users. */
function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** Or made there. */
function canBeWritten(dir: string): boolean {
  if (!existsSync(dir)) return dir !== dirname(dir) && canBeWritten(dirname(dir));
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
