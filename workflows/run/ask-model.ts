// A call of a model, and a look at one that is in the provider's batches. Whatever comes of it is a fact.

import { ActivityFailure, isCancellation, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { CallResult, Look, LookResult, ModelCall } from "../../src/domain/call.ts";
import { traitsOf } from "../../src/domain/purpose.ts";
import { formatUsd } from "../../src/domain/money.ts";
import { modelCalling, lookingAtBatch } from "../activity-options.ts";
import { codeOf, withTranscript } from "../transcript.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import type { Life } from "./life.ts";
import { summaryOf } from "./show.ts";

type Failed = Extract<RunFact, { kind: "failed" }>;

export async function askModel(life: Life, call: ModelCall): Promise<void> {
  life.record({ kind: "asked", call });
  const { timers } = memoryOf(life).snapshot;
  const { callModel } = proxyActivities<Activities>({
    ...modelCalling(timers, call.purpose),
    summary: summaryOf(titleOf(call), ...whoIsAsked(call), ...soFar(call)),
  });
  let result: CallResult | Failed;
  try {
    result = await life.stoppable(() => withTranscript(() => callModel(call)));
  } catch (error) {
    result = failureOf(error);
  }
  life.record(result);
}

/** A cancel ends a look that takes its time; what the batch has come to is then asked for once more. */
export async function lookAtBatch(life: Life, look: Look): Promise<void> {
  const { giveUp } = look;
  life.record({ kind: "looks", giveUp });
  const { lookAtCall } = proxyActivities<Activities>({
    ...lookingAtBatch(memoryOf(life).snapshot.timers),
    summary: summaryOf(`turn ${look.call.turn}`, giveUp ? "leave the batch" : "look at the batch"),
  });
  const seen = (): Promise<LookResult> => withTranscript(() => lookAtCall(look));
  try {
    const result = await (giveUp ? seen() : life.stoppable(seen));
    if (result.kind === "pending" && giveUp)
      throw new Error("a batch that was given up is pending");
    life.record(result);
  } catch (error) {
    if (!isStopped(error)) life.record(failureOf(error));
  }
}

/** By Temporal, or by the worker itself, which may be faster. */
function isStopped(error: unknown): boolean {
  return isCancellation(error) || codeOf(error) === "CANCELLED";
}

function memoryOf({ state }: Life): NonNullable<Life["state"]["memory"]> {
  if (state.memory === null) throw new Error("a run that was not opened calls no model");
  return state.memory;
}

/** Rethrows what is no failure of an activity: broken invariants of ours fail the task, and not the run. */
export function failureOf(error: unknown): Failed {
  if (isCancellation(error)) return { kind: "failed", code: "CANCELLED", message: "cancelled" };
  if (!(error instanceof ActivityFailure)) throw error;
  const message = error.cause?.message ?? error.message;
  return { kind: "failed", code: codeOf(error) ?? "ATTEMPTS_EXHAUSTED", message };
}

function titleOf({ turn, purpose, lane }: ModelCall): string {
  if (lane === "batch") return `turn ${turn}, into a batch`;
  const { title } = traitsOf(purpose);
  return title === null ? `turn ${turn}` : `turn ${turn}, ${title}`;
}

function whoIsAsked({ course: { model, wanted } }: ModelCall): string[] {
  return model === wanted ? [model] : [model, "stands in"];
}

function soFar({ headTokens, budget }: ModelCall): string[] {
  if (headTokens === 0) return [];
  return [`${headTokens} tokens`, `${formatUsd(budget.spentMicroUsd)} spent`];
}
