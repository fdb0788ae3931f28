// A worker whose agent books: a tool whose effects are lines of the file BOOKINGS, and can be found and taken back. The
// moments at which it dies are named in DIES_AT, `<word> <tool calls so far>`: "before 3", "after 3", "undoing 3",
// "undone 3". A booking is taken back by its key, and only once: whatever is asked twice is a line more.

import { appendFileSync, readFileSync } from "node:fs";
import { z } from "zod";
import { defineTool } from "../../dist/activities/tools/define-tool.js";
import { ToolError } from "../../dist/activities/tools/tool-error.js";
import { readConfig } from "../../dist/src/config.js";
import { openTelemetry } from "../../dist/src/telemetry/telemetry.js";
import { runWorker } from "../../dist/src/worker/run-worker.js";

const { BOOKINGS, DIES_AT = "" } = process.env;

function lines() {
  return readFileSync(BOOKINGS, "utf8").split("\n").filter(Boolean);
}

function isBooked(key) {
  const all = lines();
  return all.includes(`did ${key}`) && !all.includes(`undid ${key}`);
}

function passes(moment) {
  if (moment === DIES_AT) process.kill(process.pid, "SIGKILL");
}

const book = defineTool({
  name: "book",
  description: "Books one thing.",
  input: z.object({ what: z.number().int(), isLocked: z.boolean().optional() }),
  permission: "write",
  effect: "verifiable",
  execute: ({ what }, { idempotencyKey }) => {
    passes(`before ${what}`);
    appendFileSync(BOOKINGS, `did ${idempotencyKey}\n`);
    passes(`after ${what}`);
    return { booking: `B-${what}` };
  },
  verify: ({ what }, { idempotencyKey }) =>
    isBooked(idempotencyKey)
      ? { kind: "happened", result: { booking: `B-${what}` } }
      : { kind: "absent" },
  compensate: ({ what, isLocked = false }, done, { idempotencyKey }) => {
    if (isLocked && !lines().includes("unlocked")) throw new ToolError("the booking is locked");
    if (done.result?.booking !== `B-${what}`) throw new ToolError("it was told another booking");
    passes(`undoing ${what}`);
    appendFileSync(BOOKINGS, `undid ${idempotencyKey}\n`);
    passes(`undone ${what}`);
  },
});

const agent = {
  name: "booker",
  instructions: "Book things.",
  tools: ["book"],
  // A tool that writes is asked about, unless somebody says otherwise.
  policy: { book: "allow" },
};
const config = readConfig();
await runWorker(config, openTelemetry(config.log), { tools: [book], agents: [agent] });
