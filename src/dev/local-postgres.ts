// The embedded Postgres of the local stack: PGlite on a folder, behind the ordinary wire protocol.
// A process of its own, since a query stops the event loop of the process it runs in.
// PGlite runs with fsync off: it survives kill -9 of any process, but not a power cut.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { type Execute, openGate } from "./postgres-gate.ts";
import { localPostgresUrl } from "./postgres-url.ts";

export interface LocalPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

export interface LocalPostgresOptions {
  readonly dataDir: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly ownerTimeoutMs?: number;
}

/** Contract: one process per `dataDir`; the caller sees to it (PGlite has no lock of its own). */
export async function startLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  // Left behind by a kill -9; the pid in it means nothing inside the sandbox.
  await rm(join(options.dataDir, "postmaster.pid"), { force: true });
  const database = await PGlite.create(options.dataDir);
  const gate = await openGate(options.port, {
    execute: executeOn(database),
    ownerTimeoutMs: options.ownerTimeoutMs ?? 30_000,
  });
  return {
    url: localPostgresUrl(gate.port),
    stop: async () => {
      gate.close();
      await database.close();
    },
  };
}

function executeOn(database: PGlite): Execute {
  return (messages) =>
    database.runExclusive(async () => {
      const chunks: Buffer[] = [];
      await database.execProtocolRawStream(messages, {
        // The bytes are a view into the WebAssembly heap, valid only during this call.
        onRawData: (bytes) => chunks.push(Buffer.from(bytes)),
      });
      return Buffer.concat(chunks);
    });
}
