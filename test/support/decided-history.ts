// Holds a recorded run against the rules: at each step that it took, `decide` is asked what it would do, of the
// state that the client folds from the history up to there; and what went along to a fresh history must be that
// state. So a rule that the workflow keeps for itself, and a fact that the history does not tell, are found.

import { isDeepStrictEqual } from "node:util";
import { defaultDataConverter, defaultPayloadConverter } from "@temporalio/common";
import { historyFromJSON } from "@temporalio/common/lib/proto-utils.js";
import { msToTs, tsToMs } from "@temporalio/common/lib/time.js";
import { createFactReader, type Told } from "../../src/client/history-facts.ts";
import type { HistoryEvent } from "../../src/temporal/payloads.ts";
import { isFrame, named, tellOn, UNTOLD, type ToldRun } from "../../src/client/told-run.ts";
import type { RunResult } from "../../src/domain/outcome.ts";
import type { RunInput } from "../../src/domain/run/carried.ts";
import { decide } from "../../src/domain/run/decide.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import { resultOf } from "../../src/domain/run/result.ts";
import type { RunState } from "../../src/domain/run/state.ts";
import type { Step } from "../../src/domain/run/step.ts";

export interface Difference {
  readonly eventId: number;
  readonly recorded: unknown;
  readonly decided: unknown;
}

export interface Checked {
  /** Steps that were compared. */
  readonly steps: number;
  /** Moves to a fresh history whose states were compared. */
  readonly moves: number;
  readonly differences: readonly Difference[];
}

/** Histories as `pawl export` writes them. */
export function historiesIn(exported: readonly unknown[]): HistoryEvent[][] {
  return exported.map((history) => (historyFromJSON(history).events ?? []).map(withLongTime));
}

/** Read from JSON inside jest a time has plain numbers, and the SDK wants its own. */
function withLongTime(event: HistoryEvent): HistoryEvent {
  const { seconds, nanos } = event.eventTime ?? {};
  return { ...event, eventTime: msToTs(Number(seconds) * 1000 + (nanos ?? 0) / 1_000_000) };
}

/** The histories of one run, oldest first. */
export async function checkDecisions(
  histories: readonly (readonly HistoryEvent[])[],
): Promise<Checked> {
  const checker = new Checker();
  for (const events of histories) {
    const reader = createFactReader(defaultDataConverter);
    for (const event of events) {
      checker.turnClock(event);
      for (const told of await reader.read(event)) checker.check(told);
    }
  }
  return checker;
}

class Checker implements Checked {
  steps = 0;
  moves = 0;
  readonly differences: Difference[] = [];
  #run = UNTOLD;
  #nowMs = 0;

  turnClock(event: HistoryEvent): void {
    this.#nowMs = timeBehind(event, this.#nowMs);
  }

  check(told: Told): void {
    const { fact } = told;
    if (fact.kind === "started" && fact.input !== null && this.#run.input !== null) {
      this.#move(told, fact.input);
    }
    if (fact.kind === "ended") {
      this.#compare(told, fact.result, resultShown(this.#run, fact.result));
    }
    const { input, state } = this.#run;
    const expected = stepBehind(told, this.#run);
    if (expected !== null && input !== null) {
      this.steps += 1;
      this.#compare(told, expected, shortOf(decide(input, state, this.#nowMs)));
    }
    this.#run = tellOn(this.#run, told);
  }

  #move(told: Told, { resumed }: RunInput): void {
    this.moves += 1;
    const { state } = this.#run;
    this.#compare(told, resumed, { ...state, execution: state.execution + 1 });
  }

  #compare({ eventId }: Told, recorded: unknown, decided: unknown): void {
    if (isDeepStrictEqual(plain(recorded), plain(decided))) return;
    this.differences.push({ eventId, recorded, decided });
  }
}

/** What the fold of the history says of the run that has ended. */
function resultShown({ input, state }: ToldRun, { runId }: RunResult): RunResult | null {
  if (state.phase.kind !== "closed") return null;
  return resultOf({ runId, traceId: input?.traceId ?? "" }, state, state.phase);
}

interface LocalActivity {
  readonly complete_time?: { readonly seconds: number; readonly nanos: number };
}

/** The workflow's clock is the start of its task, and what ends in a task turns it on. */
function timeBehind(event: HistoryEvent, nowMs: number): number {
  if (event.workflowTaskStartedEventAttributes != null) return tsToMs(event.eventTime);
  const data = event.markerRecordedEventAttributes?.details?.["data"]?.payloads?.[0];
  if (data == null) return nowMs;
  const time = defaultPayloadConverter.fromPayload<LocalActivity>(data).complete_time;
  return time === undefined ? nowMs : time.seconds * 1000 + Math.floor(time.nanos / 1_000_000);
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** What of a step its history tells. */
function shortOf(step: Step): unknown {
  switch (step.kind) {
    case "ask":
      return { kind: "ask", call: step.call };
    case "look":
      return { kind: "look", giveUp: step.look.giveUp };
    case "wait":
      return { kind: "wait", wait: step.wait };
    case "compensate":
      return { kind: "compensate", callId: step.effect.callId, outcome: step.outcome };
    case "close":
      return { kind: "close", outcome: step.outcome };
    default:
      return { kind: step.kind };
  }
}

/** Null where the fact is none that a step begins with, or where it belongs to a step that has begun. */
function stepBehind({ fact }: Told, { state }: ToldRun): unknown {
  if (isFrame(fact)) return null;
  const known: RunFact = named(state, fact);
  switch (known.kind) {
    case "asked":
      return isAskedAgain(state, known.call) ? null : { kind: "ask", call: known.call };
    case "looks":
      return { kind: "look", giveUp: known.giveUp };
    case "waits":
      return { kind: "wait", wait: known.wait };
    case "compensationBegan":
      return { kind: "compensate", callId: known.callId, outcome: known.outcome };
    case "closing":
      return { kind: "close", outcome: known.outcome };
    case "toolBegan":
      return { kind: "answer" };
    default:
      return null;
  }
}

/** A transcript was rebuilt, and the very same is asked once more. */
function isAskedAgain({ phase }: RunState, call: unknown): boolean {
  return phase.kind === "asking" && isDeepStrictEqual(plain(phase.call), plain(call));
}
