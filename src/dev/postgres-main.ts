// Entry of the child process that serves the embedded Postgres: --data-dir DIR --socket-folder DIR
// [--vacuum-every-ms N].

import { parseArgs } from "node:util";
import { startLocalPostgres } from "./local-postgres.ts";

const { values } = parseArgs({
  options: {
    "data-dir": { type: "string" },
    "socket-folder": { type: "string" },
    "vacuum-every-ms": { type: "string", default: "60000" },
  },
});
const { "data-dir": dataDir, "socket-folder": socketFolder } = values;
if (dataDir === undefined || socketFolder === undefined) {
  throw new Error("--data-dir and --socket-folder are needed");
}

const postgres = await startLocalPostgres({
  dataDir,
  socketFolder,
  vacuumEveryMs: Number(values["vacuum-every-ms"]),
});
process.stdout.write(`${JSON.stringify({ event: "postgres_ready", pid: process.pid })}\n`);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    void postgres.stop().finally(() => process.exit(0));
  });
}
