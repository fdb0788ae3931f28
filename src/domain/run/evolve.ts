// The only writer of what a run remembers. Total and pure: no clock, no throw, any fact in any phase.
//
// Each slice folds the fact over the state as it was before and reads nothing of what another makes of it, so
// slices have no order. What was computed on the way to a step travels in the input of its activity: the fact
// `asked` is that input, so the client, who folds history, knows all that the workflow knows.
//
//   H1. The fold of a run's history is the workflow's own state.
//   H2. What people do and what comes back in one workflow task commute: they may be folded in either order.

import { fittingText } from "../json-size.ts";
import { newCounts, foldCounts } from "./counts.ts";
import { foldEffects, newEffects } from "./effects.ts";
import type { RunFact } from "./facts.ts";
import { foldFlagged } from "./flagged.ts";
import { foldMail } from "./mail.ts";
import { foldModels, newModels } from "./models.ts";
import { foldPeople } from "./people.ts";
import { foldPhase } from "./phases.ts";
import type { Opened } from "./snapshot.ts";
import type { Memory, RunState, Wait } from "./state.ts";
import { foldSummaries, newSummaries } from "./summary.ts";
import { foldTalk, newTalk } from "./talk.ts";
import { isParked } from "./waits.ts";
import { foldWarnings } from "./warnings.ts";

/** A provider may answer with a page; what is remembered of it travels along. */
export const WHY_BYTES_MAX = 2048;

const WAITS_FOR_PERSON: readonly RunFact["kind"][] = ["paused", "personAsked", "questionsPut"];

export function evolve(before: RunState, told: RunFact): RunState {
  const fact = inShort(told);
  return {
    ...before,
    mail: foldMail(before.mail, fact, before),
    paused: fact.kind === "paused" || (before.paused && fact.kind !== "resumed"),
    waitedForPerson: before.waitedForPerson || WAITS_FOR_PERSON.includes(fact.kind),
    calledOff: foldCalledOff(before.calledOff, fact),
    wait: foldWait(before.wait, fact),
    ...foldFlagged(before, fact),
    phase: foldPhase(before.phase, fact, before),
    memory: foldMemory(before.memory, fact, before),
  };
}

function inShort(fact: RunFact): RunFact {
  switch (fact.kind) {
    case "denied":
    case "failed":
    case "unserved":
    case "pending":
    case "toolLost":
      return { ...fact, message: fittingText(fact.message, WHY_BYTES_MAX, "…") };
    default:
      return fact;
  }
}

/** A person's word counts, whether the clock ran out before or after it. */
function foldCalledOff(before: RunState["calledOff"], fact: RunFact): RunState["calledOff"] {
  if (fact.kind !== "calledOff") return before;
  return before === "cancel" ? before : fact.by;
}

/** Shown through the next try, so that a run which looks again and again says one thing and not two. */
function foldWait(before: Wait | null, fact: RunFact): Wait | null {
  switch (fact.kind) {
    case "waits":
      return fact.wait;
    case "replied":
    case "unserved":
    case "closing":
      return null;
    case "resumed":
      return before !== null && isParked(before) ? null : before;
    default:
      return before;
  }
}

function foldMemory(memory: Memory | null, fact: RunFact, before: RunState): Memory | null {
  // A run that was called off meanwhile has not waited for it, and closes its books without.
  if (fact.kind === "opened" && before.phase.kind === "opening") return opened(fact.opened);
  if (memory === null) return null;
  return {
    ...memory,
    counts: foldCounts(memory.counts, fact, before),
    talk: foldTalk(memory.talk, fact, before),
    models: foldModels(memory.models, fact, before),
    summaries: foldSummaries(memory.summaries, fact, before),
    warnings: foldWarnings(memory.warnings, fact, before),
    people: foldPeople(memory.people, fact, before),
    effects: foldEffects(memory.effects, fact, before),
  };
}

function opened(begin: Opened): Memory {
  const { snapshot, head, taskRef } = begin;
  return {
    snapshot,
    genesis: head,
    taskRef,
    counts: newCounts(snapshot),
    talk: newTalk(begin),
    models: newModels(snapshot),
    summaries: newSummaries(),
    warnings: [],
    people: { always: [], settled: [] },
    effects: newEffects(),
  };
}
