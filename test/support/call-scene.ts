// A call of a model as the steps of its pipeline see it: the ledger is the model of one, gate and provider
// say what a test says, and what is done with any of them is written down in order.

import type { Attempt } from "../../activities/attempt.ts";
import type { ActivityDeps } from "../../activities/deps.ts";
import { RunningAttempts } from "../../activities/running-attempts.ts";
import type { CallAttempt } from "../../activities/model-call/call-attempt.ts";
import { moneyFor } from "../../activities/model-call/money.ts";
import { readConfig } from "../../src/config.ts";
import type { ModelCall } from "../../src/domain/call.ts";
import type { Limits } from "../../src/domain/limits.ts";
import type { Snapshot } from "../../src/domain/run/snapshot.ts";
import { userMessage } from "../../src/domain/message.ts";
import type { OwnProvider } from "../../src/domain/provider.ts";
import { NO_USAGE } from "../../src/domain/usage.ts";
import type { ModelReply, ModelRequest } from "../../src/model/model.ts";
import type { GateAnswer, GateWord } from "../../src/store/gates.ts";
import type { Ledger } from "../../src/store/ledger.ts";
import { SILENT } from "./calls.ts";
import { createModelBudgets } from "./model-budgets.ts";
import { createModelLedger } from "./model-ledger.ts";
import { given, SNAPSHOT } from "./run-story.ts";

export const PASS: GateAnswer = { kind: "pass", watched: false };

export interface SceneOptions {
  readonly call?: Partial<ModelCall>;
  /** The last answer is given again and again. */
  readonly gate?: readonly GateAnswer[];
  /** What the provider replies, or fails with. */
  readonly provider?: ModelReply | Error;
  /** Whom this worker asks, where it is another than the one that the run began with. */
  readonly own?: Partial<OwnProvider>;
  readonly countTokens?: () => Promise<number | null>;
  readonly ping?: () => Promise<void>;
  readonly ledger?: (real: Ledger) => Partial<Ledger>;
  readonly env?: NodeJS.ProcessEnv;
  readonly limits?: Partial<Limits>;
  readonly snapshot?: Partial<Snapshot>;
}

export interface CallScene {
  readonly ledger: Ledger;
  /** `gate`, `hold`, `give back`, `send` and so on, in order. */
  readonly steps: readonly string[];
  readonly told: readonly GateWord[];
  readonly requests: readonly ModelRequest[];
  /** What the n-th attempt works with. */
  readonly attempt: (number: number, signal?: AbortSignal) => CallAttempt;
}

export function openCallScene(options: SceneOptions = {}): CallScene {
  const steps: string[] = [];
  const told: GateWord[] = [];
  const requests: ModelRequest[] = [];
  const real = createModelLedger(createModelBudgets());
  const snapshot = {
    ...SNAPSHOT,
    ...options.snapshot,
    limits: { ...SNAPSHOT.limits, ...options.limits },
  };
  const ledger: Ledger = { ...real, ...options.ledger?.(real) };
  const deps = {
    config: readConfig(options.env ?? {}),
    telemetry: SILENT,
    provider: { ...SNAPSHOT.provider, formerBaseUrls: [], ...options.own },
    ledger: written(ledger, steps),
    lease: { leaseId: "lease_1", sure: async () => "lease_1" },
    running: new RunningAttempts(),
    stops: { ask: async () => undefined, heard: async () => [] },
    laneCalls: { note: async () => "awaited" },
    transcripts: { load: async () => [JSON.stringify(snapshot)], get: async () => null },
    deltas: { mark: () => undefined, text: () => undefined },
    gates: gatesOf(options.gate ?? [PASS], steps, told),
    ...providerOf(options, steps, requests),
  } as unknown as ActivityDeps;
  const entries = [{ message: userMessage("6*7?") }];
  const call = { ...given().call(), entries, ...options.call };
  return {
    ledger,
    steps,
    told,
    requests,
    attempt(number, signal = new AbortController().signal) {
      const attempt = anAttemptOf(number, signal);
      return { deps, attempt, call, money: moneyFor(deps, attempt), crashTaxMicroUsd: 0 };
    },
  };
}

export function aModelReply(text = "42"): ModelReply {
  return {
    message: { role: "assistant", content: [{ type: "text", text }] },
    model: "claude-sonnet-5-5",
    stopReason: "end_turn",
    usage: { ...NO_USAGE, inputTokens: 100, outputTokens: 10 },
    invalidCalls: [],
    requestId: "req_1",
  };
}

function anAttemptOf(attempt: number, signal: AbortSignal): Attempt {
  return {
    runId: "run_1",
    executionId: "x",
    activityId: "7",
    attempt,
    callKey: "run_1/x/7",
    scheduledAtMs: 0,
    before: null,
    heartbeatTimeoutMs: 20_000,
    signal,
    over: signal,
    isUnwanted: () => signal.aborted,
    isCancelKnown: () => true,
    heartbeat: () => undefined,
  };
}

function written(ledger: Ledger, steps: string[]): Ledger {
  return {
    ...ledger,
    resumeCall: async (id) => (steps.push("resume"), await ledger.resumeCall(id)),
    startAttempt: async (request) => (steps.push("hold"), await ledger.startAttempt(request)),
    settle: async (settlement) => (steps.push("settle"), await ledger.settle(settlement)),
    lose: async (holdId, loss) => (steps.push("lose"), await ledger.lose(holdId, loss)),
    void: async (holdId, how) => (steps.push("release"), await ledger.void(holdId, how)),
  };
}

function gatesOf(
  answers: readonly GateAnswer[],
  steps: string[],
  told: GateWord[],
): ActivityDeps["gates"] {
  let asked = 0;
  return {
    async ask() {
      steps.push("gate");
      asked += 1;
      return answers[Math.min(asked, answers.length) - 1] ?? PASS;
    },
    async tell(word) {
      steps.push(word.heard === "nothing" ? "give back" : "tell");
      told.push(word);
      return null;
    },
  };
}

function providerOf(
  { provider = aModelReply(), countTokens, ping = async () => undefined }: SceneOptions,
  steps: string[],
  requests: ModelRequest[],
) {
  const send = async (request: ModelRequest): Promise<ModelReply> => {
    steps.push("send");
    requests.push(request);
    if (provider instanceof Error) throw provider;
    return provider;
  };
  const pinging = async (): Promise<void> => (steps.push("ping"), await ping());
  return {
    model: {
      call: send,
      ping: pinging,
      countTokens: countTokens ?? (async () => 10),
      promptBytes: () => 1000,
    },
    providerBatches: { create: async (request: ModelRequest) => (await send(request), "batch_1") },
  };
}
