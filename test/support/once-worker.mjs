// A worker whose agent books tables: a tool that must never be executed twice. It notes each
// execution in the file NOTES and dies right after it, before anybody hears of it.

import { appendFileSync } from "node:fs";
import { z } from "zod";
import { defineTool } from "../../dist/activities/tools/define-tool.js";
import { readConfig } from "../../dist/src/config.js";
import { openTelemetry } from "../../dist/src/telemetry/telemetry.js";
import { runWorker } from "../../dist/src/worker/run-worker.js";

const booking = defineTool({
  name: "book_table",
  description: "Books a table.",
  input: z.object({ guests: z.number().int() }),
  permission: "write",
  effect: "once",
  execute: (_, { idempotencyKey }) => {
    appendFileSync(process.env.NOTES, `${idempotencyKey}\n`);
    process.kill(process.pid, "SIGKILL");
  },
});

const waiter = {
  name: "waiter",
  instructions: "Book tables.",
  tools: ["book_table"],
  // A tool that writes is asked about, unless somebody says otherwise.
  policy: { book_table: "allow" },
};
const config = readConfig();
await runWorker(config, openTelemetry(config.log), { tools: [booking], agents: [waiter] });
