// A call to execute a tool for.

import pino from "pino";
import { OutputStream, type OutputStore } from "../../../activities/tools/output-stream.ts";
import type { ToolContext } from "../../../activities/tools/define-tool.ts";
import type { ToolOutput } from "../../../activities/tools/tool-output.ts";
import { isAsking, type ToolResult } from "../../../activities/tools/tool-questions.ts";

const NOWHERE: OutputStore = {
  ref: "r",
  append: async () => undefined,
  close: async () => undefined,
};

export function contextFor(given: Partial<ToolContext> = {}): ToolContext {
  return {
    runId: "run_1",
    tenant: "local",
    callId: "1.1",
    idempotencyKey: "run_1/1/1/4bf5122f344554c5",
    attempt: 1,
    signal: new AbortController().signal,
    heartbeat: () => undefined,
    progress: () => undefined,
    secret: (name) => `the value of ${name}`,
    answers: {},
    resume: null,
    openOutput: () => new OutputStream(NOWHERE, () => undefined),
    log: pino({ level: "silent" }),
    ...given,
  };
}

/** Of a tool that asks nobody. */
export async function outputOf(running: Promise<ToolResult>): Promise<ToolOutput> {
  const result = await running;
  if (isAsking(result)) throw new Error("it asks a person");
  return result;
}
