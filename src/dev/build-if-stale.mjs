// Builds where a source is newer than the last thing that a build writes, and else touches nothing: `npx pawl` runs
// `prepare` the first time in a clone, and others may run from what is built.

import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = [
  ...["src", "workflows", "activities", "offline-model"],
  ...["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"],
];
const BUILT_LAST = "dist/workflow-bundle.js";

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Folders count: one changes when a file in it goes away. */
const newest = (paths) =>
  paths.reduce((latest, path) => Math.max(latest, changedAt(path), newest(inside(path))), 0);

const inside = (path) =>
  statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [];

const at = (path) => join(ROOT, path);
if (newest(SOURCES.map(at)) > changedAt(at(BUILT_LAST))) {
  process.stderr.write("dist is older than the sources: npm run build …\n");
  const { status } = spawnSync("npm", ["run", "build"], { cwd: ROOT, stdio: "inherit" });
  process.exitCode = status ?? 1;
}
