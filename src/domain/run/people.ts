// What people decided of tool calls: what holds for the rest of the run, and what can't be decided again.

import { newestFitting } from "../json-size.ts";
import type { RunFact } from "./facts.ts";
import type { CallState, People, RunState, SettledCall } from "./state.ts";

/** Some two hundred. */
export const SETTLED_BYTES_MAX = 14 * 1024;

export function foldPeople(people: People, fact: RunFact, { phase }: RunState): People {
  if (phase.kind !== "answering") return people;
  if (fact.kind === "questionsAnswered") return answered(people, fact, phase.calls);
  if (fact.kind !== "ruled") return people;
  const { callId, ruling } = fact;
  const call = phase.calls.find((asked) => asked.callId === callId && asked.kind === "asked");
  if (call === undefined) return people;
  const { verdict, always } = ruling;
  return {
    always: always ? [...new Set([...people.always, call.name])] : people.always,
    settled: settling(people, { callId, verdict }),
  };
}

function answered(
  people: People,
  { callId, round, answers }: Extract<RunFact, { kind: "questionsAnswered" }>,
  calls: readonly CallState[],
): People {
  const isWaiting = calls.some(
    (call) => call.kind === "questioned" && call.callId === callId && call.pending.round === round,
  );
  if (!isWaiting) return people;
  const verdict = answers === null ? "expired" : "answered";
  return { ...people, settled: settling(people, { callId, round, verdict }) };
}

function settling({ settled }: People, call: SettledCall): People["settled"] {
  return newestFitting([...settled, call], SETTLED_BYTES_MAX);
}

/** What was decided of a call before; null where nobody was asked. */
export function rulingBefore(
  { settled }: People,
  id: string,
): "approved" | "denied" | "expired" | null {
  const before = settled.find(({ callId, round }) => callId === id && round === undefined);
  return before === undefined || before.verdict === "answered" ? null : before.verdict;
}
