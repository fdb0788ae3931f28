// Where what was fetched once is kept: `$XDG_CACHE_HOME/pawl`, by default `~/.cache/pawl`. A user without a home
// of his own (a container with any uid, HOME=/) keeps it in the state folder.

import { accessSync, constants, lstatSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { homeIn } from "../process/home.ts";

/** `spareDir` is taken where the user has no folder that can be written to. */
export function cacheDir(env: NodeJS.ProcessEnv, spareDir?: string): string {
  const usual = usualCache(env);
  if (spareDir === undefined) return usual ?? join(".pawl", "cache");
  return usual !== undefined && canBeWritten(usual) ? usual : join(spareDir, "cache");
}

function usualCache(env: NodeJS.ProcessEnv): string | undefined {
  if (env["XDG_CACHE_HOME"]) return join(env["XDG_CACHE_HOME"], "pawl");
  const home = homeIn(env);
  return home === null ? undefined : join(home, ".cache", "pawl");
}

/** Or made there. */
function canBeWritten(dir: string): boolean {
  if (!isThere(dir)) return dir !== dirname(dir) && canBeWritten(dirname(dir));
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
    return statSync(dir).isDirectory();
  } catch {
    return false;
  }
}

/** A link that leads nowhere is there: no folder can be made in its place. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
