// A worker whose agent seats people: a tool that asks before it does anything, and must do it once. Each execution is
// a line of the file NOTES.

import { appendFileSync } from "node:fs";
import { z } from "zod";
import { defineTool } from "../../dist/activities/tools/define-tool.js";
import { readConfig } from "../../dist/src/config.js";
import { openTelemetry } from "../../dist/src/telemetry/telemetry.js";
import { runWorker } from "../../dist/src/worker/run-worker.js";

const PLACE = z.object({ place: z.enum(["window", "bar"]), row: z.number().int().min(1).max(9) });

const seat = defineTool({
  name: "seat",
  description: "Seats people.",
  input: z.object({ guests: z.number().int(), isSure: z.boolean().optional() }),
  permission: "read",
  effect: "once",
  questions: ({ guests, isSure = true }, { answers }) => {
    const place = { text: `Where shall the ${guests} sit?`, form: PLACE };
    if (answers.place === undefined || isSure) return { place };
    return { place, sure: { text: "Sure?", optional: true } };
  },
  execute: ({ guests }, { answers, idempotencyKey, attempt }) => {
    appendFileSync(process.env.NOTES, `${idempotencyKey} ${attempt}\n`);
    return { guests, ...answers.place.content, sure: answers.sure?.action ?? "not asked" };
  },
});

/** What no `defineTool` would give back. */
const odd = {
  spec: { ...seat.spec, name: "odd" },
  run: async (_, { answers, resume }) => {
    if (Object.keys(answers).length > 5) return { text: "enough", isError: false };
    const before = resume === null ? 0 : Number(resume);
    const questions = [{ id: `q${before}`, text: "More?", schema: null }];
    return { kind: "asks", questions: before < 99 ? questions : [], resume: String(before + 1) };
  },
};

const steward = {
  name: "steward",
  instructions: "Seat people.",
  tools: ["seat", "odd"],
  policy: { seat: "allow", odd: "allow" },
};
const config = readConfig();
await runWorker(config, openTelemetry(config.log), { tools: [seat, odd], agents: [steward] });
