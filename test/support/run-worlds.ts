// Worlds for a run to live in: each step that it decides is performed with a result that the choices give, and
// people speak, pause, cancel and decide in between. Nothing is real but the rules.

import type { CallResult, LookResult, ModelCall, Reply, Ticket } from "../../src/domain/call.ts";
import { decide } from "../../src/domain/run/decide.ts";
import { evolve } from "../../src/domain/run/evolve.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import type { Order } from "../../src/domain/run/order.ts";
import { pendingOf } from "../../src/domain/run/shown.ts";
import type { Snapshot } from "../../src/domain/run/snapshot.ts";
import { newRun, type RunState } from "../../src/domain/run/state.ts";
import type { Step } from "../../src/domain/run/step.ts";
import {
  calling,
  denied,
  MODEL,
  ORDER,
  replied,
  SNAPSHOT,
  START_MS,
  toolNamed,
} from "./run-story.ts";

/** Numbers from 0 to 999, used up in order; when they are over, 0 is chosen. */
export type Choices = readonly number[];

export interface Lived {
  readonly order: Order;
  readonly state: RunState;
  /** All that happened, in order, and the state before each. */
  readonly facts: readonly { readonly fact: RunFact; readonly before: RunState }[];
  readonly steps: readonly {
    readonly step: Step;
    readonly state: RunState;
    readonly nowMs: number;
  }[];
}

export interface Terms {
  readonly order?: Partial<Order>;
  readonly snapshot?: Partial<Snapshot>;
  /** After so many steps somebody cancels. */
  readonly stepsMax: number;
}

const STAND_IN = "claude-haiku-5-5";

const SNAPSHOTS: readonly Partial<Snapshot>[] = [
  {},
  { wrapUp: true },
  { compactAtTokens: 9000, wrapUp: true },
  { fallbacks: { chains: { [MODEL]: [STAND_IN] }, attemptsMax: 2, prices: {} } },
  {
    routing: {
      policy: "by-classifier",
      models: { simple: STAND_IN, medium: MODEL, complex: "claude-opus-5-5" },
      openingTokens: 10,
    },
  },
  {
    routing: {
      policy: "per-turn",
      models: { simple: STAND_IN, medium: MODEL, complex: "claude-opus-5-5" },
      openingTokens: 10,
    },
    fallbacks: { chains: { [MODEL]: ["claude-opus-5-5"] }, attemptsMax: 2, prices: {} },
  },
  { batchLane: { firstLookMs: 1000, canWaitForMs: null }, compactAtTokens: 9000 },
  { limits: { ...SNAPSHOT.limits, modelCalls: 4, toolCalls: 3, tokens: 30_000 }, wrapUp: true },
  {
    approvals: { timeoutMs: 60_000, webhook: false },
    policy: { write_file: "ask", calculator: "ask" },
  },
];

export function live(choices: Choices, { order: more = {}, snapshot, stepsMax }: Terms): Lived {
  return new World(choices, { ...ORDER, onLimit: "pause", ...more }, snapshot, stepsMax).live();
}

class World {
  readonly #choices: number[];
  readonly #order: Order;
  readonly #snapshot: Snapshot;
  readonly #stepsMax: number;
  #state: RunState = newRun(START_MS);
  #nowMs = START_MS;
  readonly #facts: { fact: RunFact; before: RunState }[] = [];
  readonly #steps: { step: Step; state: RunState; nowMs: number }[] = [];

  constructor(
    choices: Choices,
    order: Order,
    snapshot: Partial<Snapshot> | undefined,
    stepsMax: number,
  ) {
    this.#choices = [...choices];
    this.#order = order;
    const chosen = snapshot ?? SNAPSHOTS[this.#choose(SNAPSHOTS.length)] ?? {};
    this.#snapshot = {
      ...SNAPSHOT,
      tools: [
        toolNamed("calculator"),
        toolNamed("write_file", { permission: "write", effect: "once", compensates: true }),
        toolNamed("inline", { inline: true }),
      ],
      ...chosen,
    };
    this.#stepsMax = stepsMax;
  }

  live(): Lived {
    while (this.#state.phase.kind !== "closed") {
      const step = decide(this.#order, this.#state, this.#nowMs);
      this.#steps.push({ step, state: this.#state, nowMs: this.#nowMs });
      if (this.#steps.length > this.#stepsMax) this.#record({ kind: "calledOff", by: "cancel" });
      if (this.#steps.length > this.#stepsMax + 20)
        throw new Error(`no end: ${JSON.stringify(step)}`);
      if (step.kind === "return") break;
      this.#people();
      this.#perform(step);
      this.#nowMs += 10 + this.#choose(3) * 1000;
    }
    return { order: this.#order, state: this.#state, facts: this.#facts, steps: this.#steps };
  }

  #choose(among: number): number {
    return (this.#choices.shift() ?? 0) % among;
  }

  #record(fact: RunFact): void {
    this.#facts.push({ fact, before: this.#state });
    this.#state = evolve(this.#state, fact);
  }

  /** Rare, so that runs come far. */
  #people(): void {
    const text = `message ${this.#facts.length % 17}`;
    const by = "ann";
    switch (this.#choose(14)) {
      case 1:
        return this.#record({
          kind: "said",
          message: { messageId: text, text, mode: "queue", by },
        });
      case 2:
        return this.#record({
          kind: "said",
          message: { messageId: text, text, mode: "interrupt", by },
        });
      case 3:
        return this.#record({ kind: "paused" });
      case 4:
        return this.#record({ kind: "resumed", by, addMicroUsd: this.#choose(3) * 200_000 });
      case 5:
        return this.#record({ kind: "lookedAgain" });
      case 6:
        if (this.#choose(12) === 1) this.#record({ kind: "calledOff", by: "clock" });
        return;
      default:
        return;
    }
  }

  #perform(step: Exclude<Step, { kind: "return" }>): void {
    switch (step.kind) {
      case "open":
        return this.#record(
          this.#choose(30) === 1
            ? { kind: "failed", code: "USAGE", message: "no such tool" }
            : {
                kind: "opened",
                opened: { snapshot: this.#snapshot, head: "genesis", taskRef: "task" },
              },
        );
      case "ask":
        this.#record({ kind: "asked", call: step.call });
        this.#people();
        return this.#record(
          step.call.lane === "batch" ? this.#submission() : this.#result(step.call),
        );
      case "look":
        this.#record({ kind: "looks", giveUp: step.look.giveUp });
        return this.#record(this.#seen(step.look.giveUp, step.look.call));
      case "answer":
        return this.#answer();
      case "wait":
        if (step.isNew) this.#record({ kind: "waits", wait: step.wait });
        this.#people();
        if (step.wait.nextAttemptAt === null) return this.#record({ kind: "resumed" });
        this.#nowMs = Math.max(this.#nowMs, Date.parse(step.wait.nextAttemptAt));
        return this.#record({ kind: "waited" });
      case "rest":
        return this.#record({ kind: "resumed" });
      case "compensate":
        return this.#compensate(step);
      case "close":
        this.#record({ kind: "closing", outcome: step.outcome, durationMs: 1 });
        this.#people();
        return this.#record({
          kind: "closed",
          ledger: { spentMicroUsd: 1, crashTaxMicroUsd: 0, modelAttempts: 1 },
        });
    }
  }

  #compensate({ effect: { callId }, outcome }: Extract<Step, { kind: "compensate" }>): void {
    this.#record({ kind: "compensationBegan", callId, outcome });
    this.#people();
    const how = (["undone", "absent", "failed"] as const)[this.#choose(3)] ?? "undone";
    const undo = how === "failed" ? { kind: how, message: "it is locked" } : { kind: how };
    this.#record({ kind: "compensated", callId, undo });
  }

  #submission(): RunFact {
    const at = new Date(this.#nowMs).toISOString();
    const ticket: Ticket = {
      kind: "submitted",
      callKey: "key",
      attempt: 1,
      providerBatchId: this.#choose(2) === 0 ? "batch_1" : null,
      sentAfter: at,
      sentBefore: at,
    };
    switch (this.#choose(6)) {
      case 1:
        return { kind: "failed", code: "PROVIDER_UNAVAILABLE", message: "no batches today" };
      case 2:
        return denied({ why: "holds", limit: "tenant_day" }, this.#nowMs);
      default:
        return ticket;
    }
  }

  #seen(giveUp: boolean, call: ModelCall): LookResult {
    const codes = ["BATCH_LOST", "BATCH_EXPIRED", "BATCH_LEFT"] as const;
    switch (this.#choose(5)) {
      case 1:
      case 2: {
        const code = codes[this.#choose(codes.length)] ?? "BATCH_LOST";
        return { kind: "unserved", code, message: code, crashTaxMicroUsd: this.#choose(2) * 500 };
      }
      case 3:
        return giveUp
          ? { kind: "unserved", code: "BATCH_LEFT", message: "left", crashTaxMicroUsd: 500 }
          : { kind: "pending", message: "under way" };
      default:
        return { ...this.#reply(call), lane: "batch" };
    }
  }

  #result(call: ModelCall): Exclude<CallResult, Ticket> | RunFact {
    const notBefore = new Date(this.#nowMs + this.#choose(2) * 30_000).toISOString();
    const tax = this.#choose(3) === 1 ? 700 : 0;
    switch (this.#choose(22)) {
      case 1:
        return denied({ why: "holds", limit: "tenant_day", crashTaxMicroUsd: tax }, this.#nowMs);
      case 2:
        return denied({ why: "cap", limit: "tenant_day", resetsAt: null }, this.#nowMs);
      case 3:
        return denied({ why: "size", limit: "request_tokens" }, this.#nowMs);
      case 4:
        return denied({ why: "down", notBefore }, this.#nowMs);
      case 5:
        return denied({ why: "in_line", notBefore }, this.#nowMs);
      case 6:
        return { kind: "interrupted", crashTaxMicroUsd: tax };
      case 7:
        return { kind: "failed", code: "PROVIDER_SPEND_LIMIT", message: "pay" };
      case 8:
        return { kind: "failed", code: "PROVIDER_REJECTED", message: "400" };
      case 9:
        return denied({ why: "size", limit: "tokens" }, this.#nowMs);
      default:
        return this.#reply(call);
    }
  }

  #reply(call: ModelCall): Reply {
    const reply = this.#anyReply(call);
    const idOf = (callId: string): string => `${call.turn}.${callId}`;
    const toolCalls = reply.toolCalls.map((made) => ({ ...made, callId: idOf(made.callId) }));
    return { ...reply, toolCalls, invalidCalls: reply.invalidCalls.map(idOf) };
  }

  #anyReply(call: ModelCall): Reply {
    const { model } = call.course;
    const tokens = 100 + this.#choose(20) * 500;
    const usage = { ...replied("").usage, inputTokens: tokens, outputTokens: 20 };
    const more = {
      model,
      usage,
      costMicroUsd: tokens,
      crashTaxMicroUsd: this.#choose(9) === 1 ? 900 : 0,
    };
    switch (this.#choose(12)) {
      case 0:
        return { ...replied(`answer ${call.turn}`), ...more };
      case 1:
        return { ...replied(""), ...more };
      case 2:
        return { ...replied("cut ", { stopReason: "max_tokens" }), ...more };
      case 3:
        return { ...replied("part", { stopReason: "pause_turn" }), ...more };
      case 4:
        return { ...replied("", { stopReason: "refusal" }), ...more };
      case 5:
        return { ...replied("half", { stopReason: "interrupted" }), ...more };
      case 6: {
        const reply = calling("calculator");
        return { ...reply, ...more, invalidCalls: reply.toolCalls.map(({ callId }) => callId) };
      }
      case 7:
        return { ...calling("calculator", "write_file", "inline", "nothing"), ...more };
      case 8:
        return { ...calling("write_file"), ...more };
      default:
        return { ...calling("calculator", "inline"), ...more };
    }
  }

  #answer(): void {
    const { phase } = this.#state;
    if (phase.kind !== "answering") return;
    const asks = phase.calls.flatMap((call) =>
      call.kind === "toAsk"
        ? [
            {
              callId: call.callId,
              tool: call.name,
              turn: phase.turn,
              preview: call.preview,
              argsDigest: call.argsDigest,
              reason: call.reason,
              requestedAt: "2026-11-26T12:00:00.000Z",
              deadlineAt: "2026-11-27T12:00:00.000Z",
            },
          ]
        : [],
    );
    if (asks.length > 0) this.#record({ kind: "personAsked", pending: asks });
    for (const { callId } of pendingOf(this.#state)) {
      const verdict = (["approved", "denied", "expired"] as const)[this.#choose(3)] ?? "expired";
      const by = verdict === "expired" ? null : "ann";
      const always = verdict === "approved" && this.#choose(2) === 1;
      this.#record({ kind: "ruled", callId, ruling: { verdict, by, reason: null, always } });
    }
    this.#execute();
  }

  #execute(): void {
    const { phase } = this.#state;
    if (phase.kind !== "answering") return;
    for (const { callId, kind, name } of phase.calls) {
      if (kind !== "cleared") continue;
      for (let round = 1; this.#executeOnce(callId, name, round); round += 1);
    }
  }

  /** True where the tool asked, and goes on with what was said. */
  #executeOnce(callId: string, name: string, round: number): boolean {
    if (name !== "inline") this.#record({ kind: "toolBegan", callId });
    this.#people();
    const choice = this.#choose(6);
    if (choice === 2 && round <= 2) {
      this.#ask(callId, name, round);
      return this.#state.calledOff === null;
    }
    this.#record(
      choice === 1
        ? { kind: "toolLost", callId, code: "TIMED_OUT", message: "late" }
        : { kind: "toolEnded", callId, ref: `answer_${callId}`, found: "42" },
    );
    return false;
  }

  #ask(callId: string, tool: string, round: number): void {
    const questions = [{ id: "sure", text: "Sure?", schema: null }];
    this.#record({ kind: "toolAsked", callId, questions, resume: `round ${round}` });
    const at = { requestedAt: "2026-11-26T12:00:00.000Z", deadlineAt: "2026-11-27T12:00:00.000Z" };
    const { turn } = this.#state.memory?.counts ?? { turn: 1 };
    const pending = { callId, tool, turn, round, preview: "Sure?", ...at };
    this.#record({ kind: "questionsPut", pending: [pending] });
    this.#people();
    const isSilent = this.#choose(3) === 1;
    const answers = isSilent ? null : ({ sure: { action: "accept" } } as const);
    const by = isSilent ? null : "ann";
    this.#record({ kind: "questionsAnswered", callId, round, answers, by });
  }
}
