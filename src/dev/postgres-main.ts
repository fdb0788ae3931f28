// Entry of the child process that serves the embedded Postgres: --data-dir DIR --port N
// [--vacuum-every-ms N].

import { parseArgs } from "node:util";
import { startLocalPostgres } from "./local-postgres.ts";

const { values } = parseArgs({
  options: {
    "data-dir": { type: "string" },
    port: { type: "string" },
    "vacuum-every-ms": { type: "string", default: "60000" },
  },
});
const dataDir = values["data-dir"];
if (dataDir === undefined || values.port === undefined) {
  throw new Error("--data-dir and --port are needed");
}

const postgres = await startLocalPostgres({
  dataDir,
  port: Number(values.port),
  vacuumEveryMs: Number(values["vacuum-every-ms"]),
});
process.stdout.write(`${JSON.stringify({ event: "postgres_ready", pid: process.pid })}\n`);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    void postgres.stop().finally(() => process.exit(0));
  });
}
