import { describe, expect, test } from "@jest/globals";
import type { Outcome } from "../../src/domain/outcome.ts";
import { createRunRecords, type RunRecord } from "../../src/store/run-records.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { resultOf } from "../support/fake-client.ts";

const NOON_MS = Date.parse("2026-11-21T12:00:00.123Z");

function recordOf(runId: string, rest: Partial<RunRecord> = {}): RunRecord {
  return {
    runId,
    tenant: "acme",
    agent: "assistant",
    session: "s1",
    task: "NUL \0 quote ' backslash \\ pair 🐾",
    taskDigest: "d1",
    model: "claude-sonnet-5-5",
    offline: true,
    capMicroUsd: 1_000_000,
    result: resultOf({ kind: "answered" }, { answer: "also \0 here" }),
    costMicroUsd: 12_300,
    startedAtMs: NOON_MS - 4000,
    endedAtMs: NOON_MS,
    ...rest,
  };
}

const failed: Outcome = { kind: "failed", code: "X", message: "" };

onEachDatabase((underTest) => {
  const records = () => createRunRecords(underTest().db);

  describe("run records", () => {
    test("are read as they were written", async () => {
      await records().put(recordOf("run_1"));
      expect(await records().get("run_1")).toEqual(recordOf("run_1"));
      const bare = recordOf("run_2", { taskDigest: null, model: null, capMicroUsd: null });
      await records().put(bare);
      expect(await records().get("run_2")).toEqual(bare);
      expect(await records().get("run_3")).toBeNull();
    });

    test("are one for each run: the last word counts", async () => {
      await records().put(recordOf("run_4"));
      const last = recordOf("run_4", { result: resultOf(failed), costMicroUsd: 5 });
      await records().put(last);
      await records().put(last);
      expect(await records().get("run_4")).toEqual(last);
    });

    test("give figures of one tenant or of all, since a time", async () => {
      const of = (n: number, rest: Partial<RunRecord>) =>
        records().put(recordOf(`run_stats_${n}`, { tenant: "figures", ...rest }));
      await of(1, {});
      await of(2, { result: resultOf(failed), startedAtMs: NOON_MS - 2000 });
      await of(3, { endedAtMs: NOON_MS - 10_000, startedAtMs: NOON_MS - 20_000 });
      expect(await records().stats({ tenant: "figures", sinceMs: NOON_MS - 5000 })).toEqual({
        ended: 2,
        byOutcome: { answered: 1, failed: 1 },
        errorRate: 0.5,
        durationMsAvg: 3000,
        spentMicroUsd: 24_600,
      });
      const ofAll = await records().stats({ sinceMs: NOON_MS - 5000 });
      expect(ofAll.ended).toBeGreaterThan(2);
      const ofNobody = await records().stats({ tenant: "nobody", sinceMs: 0 });
      expect(ofNobody).toMatchObject({ ended: 0, errorRate: null, durationMsAvg: null });
    });
  });
});
