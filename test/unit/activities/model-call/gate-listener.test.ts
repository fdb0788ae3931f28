// What the gate is told of a call, and when. The model is a script, and the gate writes down what it hears.

import { expect, test } from "@jest/globals";
import { heardByGate } from "../../../../activities/model-call/gate-listener.ts";
import type { RateLimits } from "../../../../src/domain/rate-limits.ts";
import { NO_USAGE } from "../../../../src/domain/usage.ts";
import { ModelCallError, type Model, type ReplyListener } from "../../../../src/model/model.ts";
import type { GateWord } from "../../../../src/store/gates.ts";
import { aRequest, DEAF, failureOf, NEVER, SILENT } from "../../../support/calls.ts";

const USAGE = { ...NO_USAGE, inputTokens: 70, cacheReadTokens: 900, cacheWrite5mTokens: 30 };
const BOUNDS = { requests: 1, input: 1000, output: 4096 };
const DRAWN = { requests: 1, input: 400, output: 800 };
const ASK = {
  key: "k",
  callId: "c",
  leaseMs: 1000,
  runId: "run_1",
  tenant: "t",
  bounds: BOUNDS,
};
const limits = (remaining: number): RateLimits => ({ requests: { limit: 100, remaining } });

interface Scene {
  readonly drawn?: typeof DRAWN;
  readonly said?: RateLimits;
  readonly error?: Error;
  readonly watched?: boolean;
  /** The gate can't be reached. */
  readonly isDeaf?: boolean;
}

function sceneOf({ drawn, said, error, watched = false, isDeaf = false }: Scene) {
  const told: GateWord[] = [];
  const call = async (_: unknown, listener: ReplyListener) => {
    if (said !== undefined) listener.limits?.(said);
    if (error !== undefined) throw error;
    listener.alive(USAGE, null);
    listener.alive(USAGE, null);
    told.push({ ...ASK, heard: "nothing", failuresMax: 0 });
    const message = { role: "assistant" as const, content: [] };
    const usage = { ...USAGE, outputTokens: 50 };
    return {
      message,
      model: "m",
      stopReason: "end_turn",
      usage,
      invalidCalls: [],
      requestId: null,
    };
  };
  const model: Model = {
    call,
    ping: async () => undefined,
    countTokens: async () => 1,
    promptBytes: () => 1,
  };
  const gates = {
    ask: async () => ({ kind: "pass", watched: false }) as const,
    async tell(word: GateWord) {
      if (isDeaf) throw new Error("no gate");
      told.push(word);
      return null;
    },
  };
  const config = { retries: { circuitFailures: 5, initialMs: 700, maxAttempts: 8 } };
  const pass = { kind: "pass", watched, ...(drawn === undefined ? {} : { drawn }) } as const;
  const heard = heardByGate({ model, gates, config, telemetry: SILENT }, { ask: ASK, pass });
  return { told, call: () => heard.call(aRequest(), DEAF, NEVER) };
}

/** Each word as it came; `reply` stands for the reply itself. */
const order = (told: readonly GateWord[]) =>
  told.map(({ heard }) => (heard === "nothing" ? "reply" : heard));

test.each<[string, Scene, string[]]>([
  ["nothing where limits are far", { said: limits(90) }, ["reply"]],
  ["nothing where the provider tells no limits", {}, ["reply"]],
  ["at its first byte of limits that run low", { said: limits(10) }, ["answered", "reply"]],
  ["at its end what it used", { said: limits(10), drawn: DRAWN }, ["reply", "counted"]],
  ["that it began, and that it came whole", { watched: true }, ["answered", "reply", "completed"]],
])("a call tells %s", async (_, scene, expected) => {
  const { call, told } = sceneOf(scene);
  await call();
  expect(order(told)).toEqual(expected);
});

test("what the cache read is in no count", async () => {
  const { call, told } = sceneOf({ drawn: DRAWN, said: limits(60) });
  await call();
  expect(told.at(-1)).toMatchObject({
    used: { requests: 1, input: 100, output: 50 },
    drawn: DRAWN,
    bounds: BOUNDS,
    limits: limits(60),
    isTight: false,
  });
});

test("a refusal tells its limits, and gives back the tokens that were set aside", async () => {
  const error = new ModelCallError("PROVIDER_RATE_LIMITED", "429", {
    billing: "free",
    retryAfterMs: 1500.5,
    limits: limits(0),
  });
  const { call, told } = sceneOf({ drawn: DRAWN, error });
  await failureOf(call());
  expect(told).toEqual([
    expect.objectContaining({
      heard: "limited",
      retryAfterMs: 1501,
      used: { input: 0, output: 0 },
      limits: limits(0),
      isTight: true,
    }),
  ]);
});

test.each<[string, ModelCallError, object]>([
  [
    "no time",
    new ModelCallError("PROVIDER_RATE_LIMITED", "429", { billing: "free" }),
    { heard: "limited", firstWaitMs: 700 },
  ],
  [
    "what may be billed",
    new ModelCallError("PROVIDER_STREAM_CUT", "cut", { billing: "unknown" }),
    { heard: "outage", mayCost: true },
  ],
  [
    "what read the prompt at most",
    new ModelCallError("PROVIDER_REJECTED", "a page", { billing: "prompt" }),
    { heard: "outage", mayCost: true },
  ],
  [
    "an outage that is free",
    new ModelCallError("PROVIDER_OVERLOADED", "529", { billing: "free" }),
    { heard: "outage" },
  ],
  [
    "a way to it that is wrong",
    new ModelCallError("PROVIDER_UNREACHABLE", "TLS", { billing: "unsent", isFinal: true }),
    { heard: "nothing" },
  ],
  [
    "a request that is wrong",
    new ModelCallError("PROVIDER_REJECTED", "400", { billing: "free" }),
    { heard: "answered" },
  ],
])("a failure tells %s", async (_, error, word) => {
  const { call, told } = sceneOf({ error });
  await failureOf(call());
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject(word);
  expect(told[0]?.mayCost ?? false).toBe("mayCost" in word);
  expect(told[0]).not.toHaveProperty("retryAfterMs");
});

test("of a failure whose use nobody knows nothing is given back", async () => {
  const error = new ModelCallError("PROVIDER_TIMEOUT", "silence", { billing: "unknown" });
  const { call, told } = sceneOf({ drawn: DRAWN, error });
  await failureOf(call());
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ heard: "outage" });
  expect(told[0]).not.toHaveProperty("used");
});

test("a gate that can't be reached is no trouble of the call", async () => {
  const { call } = sceneOf({ drawn: DRAWN, said: limits(1), isDeaf: true });
  expect(await call()).toMatchObject({ stopReason: "end_turn" });
});
