// A viewer as a person has one: it keeps what it was told, takes back what is withdrawn, and can say
// at the end whether what it shows is what the run said.

import { expect } from "@jest/globals";
import type { RunResult } from "../../src/domain/outcome.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";

export interface Viewer {
  see(event: RunEvent): void;
  readonly lastId: string | undefined;
  readonly ids: readonly string[];
  readonly withdrawals: number;
  /** All text it was ever told, withdrawn or not. */
  readonly charsTold: number;
  readonly result: RunResult | null;
  /** Each turn's text, as the deltas gave it and as the finished replies have it. */
  expectNoGapAndNoDouble(): void;
}

export function openViewer(): Viewer {
  const told = new Map<number, string>();
  const finished = new Map<number, string>();
  const ids: string[] = [];
  let withdrawals = 0;
  let charsTold = 0;
  let result: RunResult | null = null;
  return {
    ids,
    get lastId() {
      return ids.at(-1);
    },
    get withdrawals() {
      return withdrawals;
    },
    get charsTold() {
      return charsTold;
    },
    get result() {
      return result;
    },
    see(event) {
      ids.push(event.id);
      if (event.type === "reply.delta") {
        charsTold += event.text.length;
        told.set(event.turn, (told.get(event.turn) ?? "") + event.text);
      } else if (event.type === "reply.withdrawn") {
        withdrawals += 1;
        told.set(event.turn, "");
      } else if (event.type === "reply.finished") {
        finished.set(event.turn, event.text);
      } else if (event.type === "run.ended") {
        result = event.result;
      }
    },
    expectNoGapAndNoDouble() {
      expect(result).not.toBeNull();
      expect(new Set(ids).size).toBe(ids.length);
      expect(finished.size).toBe(result?.modelCalls);
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(finished));
    },
  };
}
