// Where the workers keep the files of runs, as they said when they started: one folder for all of them, or else
// what a run wrote is there for some of its steps and not for others.

import type { Database } from "../store/database.ts";
import { filesOfWorkers } from "../store/worker-files.ts";
import { type Check, ok, warn } from "./check.ts";

const SHARE = "mount one folder for all workers, and name it in PAWL_FILES_DIR: docs/deploy.md";

export async function checkFiles(database: Database): Promise<readonly Check[]> {
  const living = (await filesOfWorkers(database)).filter(({ isAlive }) => isAlive);
  const first = living[0];
  if (first === undefined) return [];
  const broken = living.filter(({ trouble }) => trouble !== null);
  if (broken.length > 0) {
    const what = broken.map(({ place, trouble }) => `${place} can't be used: ${trouble}`);
    const fix =
      "set PAWL_FILES_DIR to a folder that the worker's user may write to; until then it offers no files";
    return [warn("files", what.join("; "), fix)];
  }
  const folders = new Map(living.map(({ folderId, place }) => [folderId, place]));
  if (folders.size > 1) {
    const what = `workers keep them in different folders: ${[...folders.values()].join(", ")}`;
    return [warn("files", what, SHARE)];
  }
  return [
    ok("files", `${first.place}, for ${living.length} worker${living.length > 1 ? "s" : ""}`),
  ];
}
