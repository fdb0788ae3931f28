// The embedded Postgres of the local stack: PGlite on a folder, behind the ordinary wire protocol.
// A process of its own, since a query stops the event loop of the process it runs in.
// PGlite runs with fsync off: it survives kill -9 of any process, but not a power cut. All clients
// share its one session, which is why Pawl speaks in single, complete statements (src/store/database.ts).

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { keepVacuumed } from "./local-vacuum.ts";
import { localPostgresUrl } from "./postgres-url.ts";

export interface LocalPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

export interface LocalPostgresOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly vacuumEveryMs: number;
}

const CONNECTIONS_MAX = 200;

/** Contract: one process per `dataDir`; the caller sees to it (PGlite has no lock of its own). */
export async function startLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const { dataDir, port } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // Left behind by a kill -9; the pid in it means nothing inside the sandbox.
  await rm(join(dataDir, "postmaster.pid"), { force: true });
  const db = await PGlite.create(dataDir);
  const server = new PGLiteSocketServer({
    db,
    port,
    host: "127.0.0.1",
    maxConnections: CONNECTIONS_MAX,
  });
  await server.start();
  const vacuum = keepVacuumed(db, options.vacuumEveryMs);
  return {
    url: localPostgresUrl(port),
    stop: async () => {
      await server.stop();
      await vacuum.stop();
      await db.close();
    },
  };
}
