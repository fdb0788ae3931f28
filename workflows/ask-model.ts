// One turn's question to the model: what it may use, what it must be warned of, what is new.

import { CancellationScope, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { maySumUp, summaryQuestion } from "../src/domain/compaction.ts";
import type { ErrorCode } from "../src/domain/errors.ts";
import { warningNote, warningsDue } from "../src/domain/limits.ts";
import { systemNote } from "../src/domain/message.ts";
import { callCourse, isHandedOn, isStandIn, type Unfit } from "../src/domain/model-course.ts";
import type { Outcome } from "../src/domain/outcome.ts";
import { formatUsd } from "../src/domain/money.ts";
import { payerOf } from "../src/domain/payer.ts";
import type {
  CallBudget,
  CallResult,
  Denial,
  Entry,
  Interrupted,
  ModelCall,
  Purpose,
  Reply,
  Ticket,
} from "../src/domain/call.ts";
import { limitsNow, takeTax, used, type RunState } from "../src/domain/run-state.ts";
import { wrapUpNote } from "../src/domain/wrap-up.ts";
import { modelCalling } from "./activity-options.ts";
import { viaBatchLane } from "./batch-lane.ts";
import type { Run } from "./run.ts";
import { endOf, isCancelled, isEndOfWork } from "./run-end.ts";
import { summaryOf } from "./run-view.ts";
import { withTranscript } from "./transcript.ts";

const REJECTED = "PROVIDER_REJECTED" satisfies ErrorCode;

export type Answered = Exclude<CallResult, Ticket>;
export type ModelAnswer = Answered | Unfit | Extract<Outcome, { kind: "stopped" }>;

export async function askModel(run: Run, purpose: Purpose | null): Promise<ModelAnswer> {
  const { input, state } = run;
  const limits = limitsNow(state);
  const warnings = warningsDue(limits, used(state), state.nearCaps, state.warned);
  state.warned = [...state.warned, ...warnings.map(({ limit }) => limit)];
  state.untold = [...state.untold, ...warnings];
  const notes = purpose === null ? notesFor(state) : lastNotes(state, purpose);
  state.turn += 1;
  const course = callCourse(state, { nowMs: Date.now(), sumsUp: purpose !== null });
  const { callModel: call } = proxyActivities<Activities>({
    ...modelCalling(state.snapshot.timers),
    summary: summaryOf(titleOf(state, purpose), ...whoIsAsked(state), ...soFar(state)),
  });
  try {
    const asked: ModelCall = {
      turn: state.turn,
      purpose: purpose ?? { kind: "work" },
      lane: "live",
      payer: payerOf(input),
      head: state.head,
      entries: entriesFor(state, notes, purpose),
      headTokens: state.headTokens,
      course,
      budget: {
        costCapMicroUsd: costCapOf(run),
        spentMicroUsd: state.spentMicroUsd,
        tokensLeft: limits.tokens - used(state).tokens,
        keepsFor: keptFor(state, purpose),
      },
      warnings,
      ...cacheOf(state),
    };
    // A run that stops has no time left to wait.
    const canWait = state.snapshot.batchLane !== undefined && purpose?.kind !== "wrap_up";
    const live = async (wanted: ModelCall) => answered(await call(wanted));
    const bought = () => (canWait ? viaBatchLane(run, asked, live) : live(asked));
    if (purpose?.kind === "summary") {
      return canWait ? await soon(run, bought, () => live(asked)) : await withTranscript(bought);
    }
    const answer = await interruptibly(run, bought);
    if (answer.kind === "replied" && !isHandedOn(state, answer)) told(state, notes, answer);
    return answer;
  } catch (error) {
    return answerOf(error, state);
  }
}

/** Rethrows what is the end of the run. */
function answerOf(error: unknown, state: RunState): ModelAnswer {
  const end = endOf(error);
  if (end.kind === "failed" && isStandIn(state) && end.code === REJECTED) return unfit(end);
  if (end.kind !== "stopped") throw error;
  return end;
}

/** What a stand-in takes for wrong, the model that is wanted may take. */
function unfit({ message }: Extract<Outcome, { kind: "failed" }>): Unfit {
  return { kind: "denied", why: "unfit", message, crashTaxMicroUsd: 0 };
}

/** A live call is answered with no ticket. */
function answered(result: CallResult): Answered {
  if (result.kind !== "submitted") return result;
  throw new Error("a live call was put into a batch");
}

/** A person who speaks up is heard behind the summary, so it is made live from then on. */
async function soon(
  run: Run,
  inTime: () => Promise<Answered>,
  live: () => Promise<Answered>,
): Promise<Answered> {
  const answer = await interruptibly(run, inTime);
  if (answer.kind !== "interrupted" || isCancelled()) return answer;
  run.state.spentMicroUsd += answer.crashTaxMicroUsd;
  run.state.crashTaxMicroUsd += answer.crashTaxMicroUsd;
  return await withTranscript(live);
}

/** A person who interrupts stops the call alone; the activity brings home what was written. */
async function interruptibly({ inbox }: Run, ask: () => Promise<Answered>): Promise<Answered> {
  const scope = new CancellationScope();
  inbox.onInterrupt(() => scope.cancel());
  try {
    return await scope.run(() => withTranscript(ask));
  } catch (error) {
    const isStopped = scope.consideredCancelled && !isCancelled();
    if (!isStopped || !isEndOfWork(error)) throw error;
    return { kind: "interrupted", crashTaxMicroUsd: 0 };
  } finally {
    inbox.onInterrupt(null);
  }
}

/** The lower of what the caller and the agent's definition allow; null where neither says. */
export function costCapOf({ input, state }: Run): number | null {
  const caps = [input.limits.costMicroUsd, state.snapshot.agentCapMicroUsd];
  const said = caps.filter((cap) => cap !== undefined);
  return said.length === 0 ? null : Math.min(...said);
}

function whoIsAsked(state: RunState): string[] {
  const { snapshot, course } = state;
  return [course?.model ?? snapshot.model, ...(isStandIn(state) ? ["stands in"] : [])];
}

function soFar({ headTokens, spentMicroUsd }: RunState): string[] {
  return headTokens === 0 ? [] : [`${headTokens} tokens`, `${formatUsd(spentMicroUsd)} spent`];
}

/** A note may only follow what a user or a tool said; a call that was denied told the model nothing. */
function notesFor({ untold, entries }: RunState): Entry[] {
  if (untold.length === 0 || entries.length === 0) return [];
  return [{ message: systemNote(warningNote(untold)) }];
}

/** After a note of ours no other may follow; that the tools are off it will find out. */
function lastNotes({ entries }: RunState, purpose: Purpose): Entry[] {
  if (purpose.kind !== "wrap_up" || entries.length === 0) return [];
  return [{ message: systemNote(wrapUpNote(purpose.stop.limit)) }];
}

function entriesFor(state: RunState, notes: readonly Entry[], purpose: Purpose | null): Entry[] {
  const isCompaction = purpose?.kind === "summary";
  return isCompaction ? [...summaryQuestion(state)] : [...state.entries, ...notes];
}

function titleOf({ turn }: RunState, purpose: Purpose | null): string {
  return purpose === null ? `turn ${turn}` : `turn ${turn}, summing up`;
}

function keptFor(state: RunState, purpose: Purpose | null): CallBudget["keepsFor"] {
  const sumsUpLater = purpose === null && maySumUp(state);
  const wrapsUpLater = state.snapshot.wrapUp === true && purpose?.kind !== "wrap_up";
  return [
    ...(wrapsUpLater ? ["wrap_up" as const] : []),
    ...(sumsUpLater ? ["summary" as const] : []),
  ];
}

/** An hour costs more to write, and is worth it where a person may take that long to answer. */
function cacheOf({ snapshot, waitedForPerson }: RunState): Pick<ModelCall, "cacheTtl"> {
  const { cacheTtl } = snapshot;
  const isLong = cacheTtl === "1h" || (cacheTtl === "auto" && waitedForPerson === true);
  return isLong ? { cacheTtl: "1h" } : {};
}

/** A call without a reply is no turn, but its lost attempts cost. */
export function takeLoss(
  state: RunState,
  { crashTaxMicroUsd }: Denial | Unfit | Interrupted,
): void {
  state.turn -= 1;
  takeTax(state, crashTaxMicroUsd);
}

/** A reply without content leaves no message behind, so what was asked is still the end. */
function told(state: RunState, notes: readonly Entry[], reply: Reply): void {
  const asked = notes.length > 0 || (state.entries.length === 0 && state.endsWithNote);
  state.endsWithNote = asked && reply.message.content.length === 0;
  if (notes.length > 0) state.untold = [];
}
