import { describe, expect, test } from "@jest/globals";
import {
  endedCount,
  isBatchId,
  itemRunId,
  openingBatch,
  withEnd,
  type BatchState,
} from "../../../src/domain/batch.ts";
import type { Limit, Outcome } from "../../../src/domain/outcome.ts";

const opening = (): BatchState => openingBatch({ events: 2000, bytes: 2_000_000 }, 0);

describe("I1: the run of an item", () => {
  test("follows from batch and place, and is nobody else's", () => {
    expect(itemRunId("batch_ab", 7)).toBe("run_ab_00007");
    const ids = [itemRunId("batch_ab", 1), itemRunId("batch_ab", 11), itemRunId("batch_b", 1)];
    expect(new Set(ids).size).toBe(3);
    expect([isBatchId("batch_ab"), isBatchId("run_ab_00007")]).toEqual([true, false]);
  });
});

describe("I4: the end of an item", () => {
  const after = (limit: Limit): BatchState["stop"] =>
    withEnd(opening(), { kind: "stopped", limit, message: "no" }).stop;

  test.each<Limit>([
    "batch",
    "session",
    "tenant_day",
    "tenant_month",
    "global_day",
    "provider_spend",
  ])("at the limit %s, which all share, is the last that is begun", (limit) => {
    expect(after(limit)).toEqual({ limit, message: "no" });
  });

  test.each<Limit>(["cost", "tokens", "model_calls", "tool_calls", "wall_clock", "request_tokens"])(
    "at its own limit %s says nothing of the others",
    (limit) => {
      expect(after(limit)).toBeNull();
    },
  );

  test("is counted by its outcome, and the first reason to stop stands", () => {
    const outcomes: readonly Outcome[] = [
      { kind: "answered" },
      { kind: "failed", code: "EMPTY_REPLY", message: "" },
      { kind: "stopped", limit: "batch", message: "first" },
      { kind: "stopped", limit: "session", message: "second" },
    ];
    const state = outcomes.reduce(withEnd, opening());
    expect(state.ended).toEqual({ answered: 1, stopped: 2, refused: 0, cancelled: 0, failed: 1 });
    expect(endedCount(state.ended)).toBe(4);
    expect(state.stop).toEqual({ limit: "batch", message: "first" });
  });
});
