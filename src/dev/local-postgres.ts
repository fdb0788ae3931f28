// The embedded Postgres of the local stack: PGlite on a folder, behind the ordinary wire protocol.
// A process of its own, since a query stops the event loop of the process it runs in. It asks nobody for a
// password and everybody is its superuser, so it listens on a Unix socket that its owner alone can reach.
// PGlite runs with fsync off: it survives kill -9 of any process, but not a power cut. All clients
// share its one session, which is why Pawl speaks in single, complete statements (src/store/database.ts).

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { keepVacuumed } from "./local-vacuum.ts";
import { localPostgresUrl } from "./postgres-url.ts";
import { socketIn } from "./socket-folder.ts";

export interface LocalPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

export interface LocalPostgresOptions {
  readonly dataDir: string;
  /** Of its Unix socket; its owner alone can enter it. */
  readonly socketFolder: string;
  readonly vacuumEveryMs: number;
}

const CONNECTIONS_MAX = 200;

/** Contract: one process per `dataDir`; the caller sees to it (PGlite has no lock of its own). */
export async function startLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const { dataDir, socketFolder } = options;
  const path = socketIn(socketFolder);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // Left behind by a kill -9; the pid in it means nothing inside the sandbox.
  await rm(join(dataDir, "postmaster.pid"), { force: true });
  const db = await PGlite.create(dataDir);
  // Of one that was killed: nobody can listen at a name that is taken.
  await rm(path, { force: true });
  const server = new PGLiteSocketServer({ db, path, maxConnections: CONNECTIONS_MAX });
  await server.start();
  const vacuum = keepVacuumed(db, options.vacuumEveryMs);
  return {
    url: localPostgresUrl(socketFolder),
    stop: async () => {
      await server.stop();
      await vacuum.stop();
      await db.close();
    },
  };
}
