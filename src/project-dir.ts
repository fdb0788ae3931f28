// Where a user's own agents, tools and models lie: the folder that PAWL_PROJECT_DIR names, else the working
// directory where it has any of them. Light: the configuration and `.env` are read by it.

import { statSync } from "node:fs";
import { join, resolve } from "node:path";

/** What makes a working directory a project. */
const SIGNS = [
  { name: "agents", isFolder: true },
  { name: "tools", isFolder: true },
  { name: "models.json", isFolder: false },
  { name: ".mcp.json", isFolder: false },
];

/** An absolute path; null where there is no project. One that is named need not be there. */
export function findProjectDir(env: NodeJS.ProcessEnv, cwd: string): string | null {
  const named = env["PAWL_PROJECT_DIR"];
  if (named) return resolve(cwd, named);
  return SIGNS.some(({ name, isFolder }) => isThere(join(cwd, name), isFolder)) ? cwd : null;
}

export function isThere(path: string, isFolder: boolean): boolean {
  try {
    const found = statSync(path);
    return isFolder ? found.isDirectory() : found.isFile();
  } catch {
    return false;
  }
}
