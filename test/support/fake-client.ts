// A RunClient without a backend: it tells the events it was given, and notes what was asked of it.

import type { Said } from "../../src/client/say.ts";
import type { RunOrder } from "../../src/client/run-order.ts";
import type { RunClient } from "../../src/client/run-client.ts";
import { rulingOf, type ApprovalShown, type Decision } from "../../src/domain/approval.ts";
import type { LeftBehind } from "../../src/client/queue.ts";
import type { Duty } from "../../src/domain/duty.ts";
import { PawlError } from "../../src/domain/errors.ts";
import { missingFor, unservedIn } from "../../src/domain/missing-workers.ts";
import { fleetOf } from "./fleets.ts";
import { argsDigest } from "../../src/domain/args-digest.ts";
import type { Outcome, RunResult } from "../../src/domain/outcome.ts";
import { actionsIn, type AnswerGiven, type QuestionsShown } from "../../src/domain/question.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { ClosedGate } from "../../src/store/capacity.ts";

export const RUN_ID = "run_test";

type Body = RunEvent extends infer E
  ? E extends RunEvent
    ? Omit<E, "id" | "runId" | "ts">
    : never
  : never;

export function eventOf(body: Body, id = "0.1"): RunEvent {
  return { ...body, id, runId: RUN_ID, ts: "2026-11-21T10:00:00.000Z" };
}

export function resultOf(outcome: Outcome, more: Partial<RunResult> = {}): RunResult {
  return {
    type: "result",
    runId: RUN_ID,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    outcome,
    answer: "42",
    partial: false,
    usage: {
      inputTokens: 1000,
      outputTokens: 20,
      cacheReadTokens: 250,
      cacheWriteTokens: 0,
      totalTokens: 1020,
    },
    costUsd: 0.0123,
    crashTaxUsd: 0,
    modelCalls: 2,
    modelAttempts: 2,
    toolCalls: 1,
    serverToolCalls: 0,
    offline: false,
    turns: 2,
    durationMs: 4200,
    models: { "claude-sonnet-5-5": 2 },
    ...more,
  };
}

/** A call that waits in the run, with these arguments. */
export function askedCall(
  callId: string,
  input: unknown,
  more: Partial<ApprovalShown> = {},
): ApprovalShown {
  return {
    callId,
    tool: "write_file",
    turn: 1,
    preview: JSON.stringify(input).slice(0, 80),
    argsDigest: argsDigest(input),
    reason: "it writes",
    requestedAt: "2026-11-21T10:00:00Z",
    deadlineAt: "2026-11-22T10:00:00Z",
    runId: RUN_ID,
    tenant: "acme",
    agent: "assistant",
    task: "write",
    input,
    inputSchema: {},
    ...more,
  };
}

/** A call whose tool asks this. */
export function askingCall(
  callId: string,
  questions: QuestionsShown["questions"],
  more: Partial<QuestionsShown> = {},
): QuestionsShown {
  return {
    callId,
    tool: "seat",
    turn: 1,
    round: 1,
    preview: questions[0]?.text ?? "",
    requestedAt: "2026-11-21T10:00:00Z",
    deadlineAt: "2026-11-22T10:00:00Z",
    runId: RUN_ID,
    tenant: "acme",
    agent: "assistant",
    task: "seat us",
    questions,
    ...more,
  };
}

export interface FakeClient extends RunClient {
  readonly orders: readonly RunOrder[];
  readonly cancelled: readonly string[];
  readonly said: readonly Said[];
  readonly decisions: readonly Decision[];
  readonly answers: readonly AnswerGiven[];
  readonly isClosed: boolean;
}

export interface FakeOptions {
  readonly events?: readonly RunEvent[];
  /** True leaves the watch open after the events, until it is aborted or the run is cancelled. */
  readonly staysOpen?: boolean;
  readonly failsWith?: Error;
  readonly unserved?: readonly Duty[];
  /** What is said of the run, where its build is gone. */
  readonly leftBehind?: LeftBehind;
  /** Calls that wait in the run. */
  readonly asks?: readonly ApprovalShown[];
  /** Calls whose tools ask a person. */
  readonly questions?: readonly QuestionsShown[];
  readonly closedGates?: readonly ClosedGate[];
}

export function createFakeClient(options: FakeOptions = {}): FakeClient {
  const orders: RunOrder[] = [];
  const cancelled: string[] = [];
  const said: Said[] = [];
  const decisions: Decision[] = [];
  const answers: AnswerGiven[] = [];
  const ending = new AbortController();
  let isClosed = false;
  const refuse = (): void => {
    if (options.failsWith !== undefined) throw options.failsWith;
  };
  const notHere = async (): Promise<never> => {
    refuse();
    throw new PawlError("RUN_NOT_FOUND", "There is no run here.");
  };
  return {
    orders,
    cancelled,
    said,
    decisions,
    answers,
    get isClosed() {
      return isClosed;
    },
    async start(order) {
      refuse();
      orders.push(order);
      return { runId: RUN_ID, traceId: "t", link: "http://ui/run_test", created: true };
    },
    async *watch(_runId, watching) {
      refuse();
      yield* options.events ?? [];
      if (options.staysOpen !== true) return;
      const signals = [ending.signal, ...(watching?.signal === undefined ? [] : [watching.signal])];
      const ended = AbortSignal.any(signals);
      if (!ended.aborted) {
        await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
      }
      if (!ending.signal.aborted) return;
      const result = resultOf({ kind: "cancelled", message: "the run was cancelled" });
      yield eventOf({ type: "run.ended", result }, "0.9");
    },
    async cancel(runId) {
      refuse();
      cancelled.push(runId);
      ending.abort();
      return { unservedQueue: null };
    },
    terminate: notHere,
    undo: notHere,
    async *watchUndo() {
      yield* [];
      return [];
    },
    async pause() {
      refuse();
    },
    async resume() {
      refuse();
      return { addedUsd: 0, capUsd: null, isClamped: false };
    },
    async say(_runId, message) {
      refuse();
      said.push(message);
      return { messageId: "msg_test" };
    },
    result: notHere,
    async show() {
      const { asks = [], questions = [] } = options;
      if (options.asks === undefined && options.questions === undefined) return await notHere();
      const { outcome: _, ...soFar } = resultOf({ kind: "answered" });
      const about = { task: "write", agent: "assistant", tenant: "acme", session: "s" };
      const unknown = {
        model: null,
        routing: null,
        provider: null,
        permission: null,
        capUsd: null,
        link: null,
      };
      const open = { kind: "open", status: "waiting", waiting: null } as const;
      const rest = { approvals: asks, questions, soFar, books: null };
      return { ...open, about: { ...about, ...unknown }, ...rest };
    },
    async approval(_runId, callId) {
      refuse();
      const call = options.asks?.find((asked) => asked.callId === callId);
      if (call !== undefined) return call;
      throw new PawlError("APPROVAL_NOT_FOUND", `No call ${callId} waits.`);
    },
    async decide(_runId, decision) {
      refuse();
      decisions.push(decision);
      const call = options.asks?.find(({ callId }) => callId === decision.callId);
      if (call === undefined) return await notHere();
      const { callId, tool, turn } = call;
      const { editedInput, ...ruling } = rulingOf(decision);
      const edited = editedInput !== undefined;
      return { callId, tool, turn, ...ruling, edited, decidedAt: "2026-11-21T10:00:00Z" };
    },
    async approvals() {
      refuse();
      return options.asks ?? [];
    },
    async questions() {
      refuse();
      return options.questions ?? [];
    },
    async question(_runId, callId) {
      refuse();
      const call = options.questions?.find((asked) => asked.callId === callId);
      if (call !== undefined) return call;
      throw new PawlError("QUESTION_NOT_FOUND", `The call ${callId} asks nothing.`);
    },
    async answer(_runId, given) {
      refuse();
      answers.push(given);
      const call = options.questions?.find(({ callId }) => callId === given.callId);
      if (call === undefined) return await notHere();
      const { callId, tool, turn, round } = call;
      const actions = actionsIn(given.answers);
      return {
        callId,
        tool,
        turn,
        round,
        by: given.by,
        actions,
        answeredAt: "2026-11-21T10:00:00Z",
      };
    },
    exportHistories: notHere,
    async list() {
      refuse();
      return [];
    },
    page: async () => ({ runs: [], next: null }),
    counts: async () => ({ running: 0, waiting: 0, paused: 0 }),
    about: notHere,
    endedStats: async () => null,
    async queue() {
      const fleet = fleetOf(options.unserved ?? []);
      const missing = missingFor(fleet, "default");
      return { backlog: 0, workers: 1, unserved: unservedIn(fleet), missing, fleet };
    },
    stranded: async () => [],
    leftBehind: async () => options.leftBehind ?? null,
    async readStore() {
      refuse();
    },
    away: async () => null,
    within: async (_timeoutMs, work) => await work(),
    link: () => null,
    pageLink: () => null,
    budgets: async () => [],
    setBudget: notHere,
    raiseBudget: notHere,
    releaseFeared: notHere,
    closedGates: async () => options.closedGates ?? [],
    async liftGates(model) {
      const closed = (options.closedGates ?? []).map(({ key }) => key);
      const keys = closed.filter((key) => model === undefined || key.endsWith(`/${model}`));
      return { keys, woken: keys.length };
    },
    usage: notHere,
    recordedCalls: async () => [],
    startBatch: notHere,
    batch: notHere,
    batchClosed: notHere,
    async *batchResults() {},
    async close() {
      isClosed = true;
    },
  };
}
