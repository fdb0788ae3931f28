// What people decided of tool calls: what holds for the rest of the run, and what can't be decided again.

import { newestFitting } from "../json-size.ts";
import type { RunFact } from "./facts.ts";
import type { People, RunState } from "./state.ts";

/** Some two hundred. */
export const SETTLED_BYTES_MAX = 14 * 1024;

export function foldPeople(people: People, fact: RunFact, { phase }: RunState): People {
  if (fact.kind !== "ruled" || phase.kind !== "answering") return people;
  const { callId, ruling } = fact;
  const call = phase.calls.find((asked) => asked.callId === callId && asked.kind === "asked");
  if (call === undefined) return people;
  const { verdict, always } = ruling;
  return {
    always: always ? [...new Set([...people.always, call.name])] : people.always,
    settled: newestFitting([...people.settled, { callId, verdict }], SETTLED_BYTES_MAX),
  };
}
