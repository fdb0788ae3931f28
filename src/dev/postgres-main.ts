// Entry of the child process that serves the embedded Postgres: --data-dir DIR --port N.

import { parseArgs } from "node:util";
import { startLocalPostgres } from "./local-postgres.ts";

const { values } = parseArgs({
  options: { "data-dir": { type: "string" }, port: { type: "string" } },
});
const dataDir = values["data-dir"];
if (dataDir === undefined) throw new Error("--data-dir is missing");

const postgres = await startLocalPostgres({ dataDir, port: Number(values.port ?? 0) });
process.stdout.write(`${JSON.stringify({ event: "postgres_ready", pid: process.pid })}\n`);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    void postgres.stop().finally(() => process.exit(0));
  });
}
