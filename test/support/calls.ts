// A call of the model as tests make it: only what matters to the test is said.

import { userMessage } from "../../src/domain/message.ts";
import { anthropicModel } from "../../src/model/anthropic.ts";
import type { Model, ModelCallError, ModelRequest, ReplyListener } from "../../src/model/model.ts";
import type { StreamTimers } from "../../src/model/stream-clock.ts";
import { openTelemetry } from "../../src/telemetry/telemetry.ts";

/** Long enough never to ring in a test that is not about them. */
const PATIENT: StreamTimers = {
  firstByteMs: 20_000,
  idleMs: 20_000,
  progressMs: 20_000,
  totalMs: 20_000,
};

export function aModel(baseUrl: string, timers: Partial<StreamTimers> = {}): Model {
  return anthropicModel({
    apiKey: "offline",
    baseUrl,
    offline: true,
    timers: { ...PATIENT, ...timers },
  });
}

export function aRequest(rest: Partial<ModelRequest> = {}): ModelRequest {
  return {
    runId: "run_1",
    model: "claude-sonnet-5-5",
    instructions: "Answer.",
    tools: [],
    serverTools: [],
    messages: [userMessage("How are you?")],
    replyTokensMax: 1024,
    userId: "u1",
    ...rest,
  };
}

export const DEAF: ReplyListener = { alive: () => undefined, text: () => undefined };

export const SILENT = openTelemetry({ level: "silent", file: undefined });

export const NEVER = new AbortController().signal;

/** The error of a call that has to fail. */
export async function failureOf(call: Promise<unknown>): Promise<ModelCallError> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Error && error.name === "ModelCallError") return error as ModelCallError;
  throw new Error("the call did not fail as a model call", { cause: error });
}
