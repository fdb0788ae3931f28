// Says when this worker starts what is wrong with its folder for files: it can't be written to, or it is not the
// one that the other workers have. Then a run's file would be there or not, by which worker has its next step.
// First this worker's is noted, and then looked who else has which: of two that start at once, one sees the other.

import { hostname } from "node:os";
import type { FilesFolder } from "../../activities/files-folder.ts";
import type { Database } from "../store/database.ts";
import {
  filesOfWorkers,
  forgetGoneWorkers,
  noteWorkerFiles,
  type SeenFiles,
} from "../store/worker-files.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

/** For a worker whose lease lasts. */
export async function tellOfFiles(
  files: FilesFolder,
  leaseId: string,
  { db, telemetry }: { readonly db: Database; readonly telemetry: Telemetry },
): Promise<void> {
  if (files.kind === "elsewhere") return;
  const { dir } = files;
  const place = `${hostname()}:${dir}`;
  if (files.kind === "unusable") {
    await noteWorkerFiles(db, { leaseId, folderId: null, place, trouble: files.why });
    telemetry.emit({ event: "files_unusable", dir, why: files.why });
    return;
  }
  const { folderId } = files;
  await noteWorkerFiles(db, { leaseId, folderId, place, trouble: null });
  const others = (await filesOfWorkers(db)).filter((other) => other.leaseId !== leaseId);
  const apart = placesApart(others, folderId);
  const before = placeBefore(others, folderId);
  await forgetGoneWorkers(db);
  if (apart.length > 0) telemetry.emit({ event: "files_apart", dir, elsewhere: apart });
  else if (before !== null) telemetry.emit({ event: "files_moved", dir, before });
}

function placesApart(others: readonly SeenFiles[], folderId: string): readonly string[] {
  const apart = others.filter(
    (other) => other.isAlive && other.folderId !== null && other.folderId !== folderId,
  );
  return [...new Set(apart.map(({ place }) => place))];
}

/** Where the worker before kept them, if that was elsewhere. */
function placeBefore(others: readonly SeenFiles[], folderId: string): string | null {
  const usable = others.filter((other) => other.folderId !== null);
  const isKnown = usable.some((other) => other.isAlive && other.folderId === folderId);
  const last = usable.find(({ isAlive }) => !isAlive);
  return isKnown || last === undefined || last.folderId === folderId ? null : last.place;
}
