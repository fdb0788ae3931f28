// Items of a batch as they were ordered, page by page, and what they came to.

import { describe, expect, test } from "@jest/globals";
import { itemRunId, NONE_ENDED, type BatchResult } from "../../src/domain/batch.ts";
import {
  createBatches,
  type Batches,
  type ItemSet,
  type StoredItem,
} from "../../src/store/batches.ts";
import { createRunRecords } from "../../src/store/run-records.ts";
import { resultOf } from "../support/fake-client.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { INPUT } from "../support/run-facts.ts";

const setOf = (name: string, digest = "d"): ItemSet => ({ batchId: `batch_${name}`, digest });

function anItem({ batchId }: ItemSet, position: number, task = "add"): StoredItem {
  const input = { ...INPUT, task };
  const runId = itemRunId(batchId, position);
  return { position, digest: "i", input, runId, itemId: `item ${position}` };
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

onEachDatabase((underTest) => {
  const batches = (): Batches => createBatches(underTest().db);

  async function pagesOf(set: ItemSet): Promise<readonly (readonly number[])[]> {
    const pages: (readonly number[])[] = [];
    let after = 0;
    while (true) {
      const page = await batches().items(set, after);
      if (page.length === 0) return pages;
      pages.push(page.map(({ position }) => position));
      after = page.at(-1)!.position;
    }
  }

  async function record(runId: string, outcome: "answered" | "failed"): Promise<void> {
    const came =
      outcome === "answered" ? { kind: outcome } : { kind: outcome, code: "X", message: "" };
    await createRunRecords(underTest().db).put({
      ...{ runId, tenant: "t", agent: "a", session: "s", task: "add", taskDigest: null },
      ...{ model: null, offline: true, capMicroUsd: null, costMicroUsd: 12_300 },
      ...{ startedAtMs: 0, endedAtMs: 1 },
      result: resultOf(came),
    });
  }

  describe("items", () => {
    test("come back as they went in, in order, also what Postgres has no text for", async () => {
      const set = setOf("pages");
      const odd = 'NUL \0, "quotes", \\, lone \ud800, 🦊';
      const items = range(120).map((position) => anItem(set, position, `${odd} ${position}`));
      await batches().putItems(set, items);
      const pages = await pagesOf(set);
      expect(pages.flat()).toEqual(range(120));
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(50);
      const { itemId: _, runId: __, ...seventh } = items[6]!;
      expect((await batches().items(set, 6))[0]).toEqual(seventh);
    });

    test("of half a megabyte each come one or two a page, so that a page fits a payload", async () => {
      const set = setOf("large");
      const large = "x".repeat(500_000);
      await batches().putItems(
        set,
        range(5).map((position) => anItem(set, position, large)),
      );
      const pages = await pagesOf(set);
      expect(pages.flat()).toEqual(range(5));
      expect(Math.max(...pages.map((page) => page.length))).toBe(1);
    });

    test("the first word on an item stands, and another order under the same key is another set", async () => {
      const set = setOf("twice");
      await batches().putItems(set, [anItem(set, 1, "first")]);
      await batches().putItems(set, [anItem(set, 1, "second"), anItem(set, 2)]);
      const other = setOf("twice", "other");
      await batches().putItems(other, [anItem(other, 1, "other")]);
      const tasks = (await batches().items(set, 0)).map(({ input }) => input.task);
      expect(tasks).toEqual(["first", "add"]);
      expect((await batches().items(other, 0)).map(({ input }) => input.task)).toEqual(["other"]);
    });
  });

  describe("a batch", () => {
    test("is counted by what its runs came to, and is closed with its result", async () => {
      const set = setOf("counted");
      const { batchId } = set;
      expect(await batches().get(batchId)).toBeNull();
      await batches().putItems(
        set,
        range(25).map((position) => anItem(set, position)),
      );
      const opened = {
        ...set,
        tenant: "acme",
        items: 25,
        capMicroUsd: 5000,
        startedAtMs: 1_700_000_000_000,
      };
      await batches().open(opened);
      await batches().open({ ...opened, items: 7 });
      const asOpened = { ...opened, ended: NONE_ENDED, spentMicroUsd: 0, result: null };
      expect(await batches().get(batchId)).toEqual(asOpened);

      await record(itemRunId(batchId, 1), "answered");
      await record(itemRunId(batchId, 2), "failed");
      const broken = { kind: "failed", code: "TERMINATED", message: "from outside" } as const;
      await batches().noteBroken(set, 3, broken);
      const ended = { ...NONE_ENDED, answered: 1, failed: 2 };
      expect(await batches().get(batchId)).toMatchObject({ ended, result: null });
      const outcomes = await batches().outcomes(set, [1, 2, 3, 4]);
      expect([...outcomes].toSorted(([a], [b]) => a - b)).toEqual([
        [1, { kind: "answered" }],
        [2, { kind: "failed", code: "X", message: "" }],
        [3, broken],
      ]);

      const result: BatchResult = {
        ...{ type: "batch", batchId, outcome: { kind: "finished" }, items: 25 },
        ...{ ended, notStarted: 22, costUsd: 0, durationMs: 1 },
      };
      await batches().close(result);
      expect(await batches().get(batchId)).toMatchObject({ ended, result });
    });

    test("gives its results page by page in the order of the file", async () => {
      const set = setOf("counted");
      const first = await batches().results(set, 0);
      expect(first.map(({ itemId }) => itemId)).toEqual(range(20).map((n) => `item ${n}`));
      expect(first[0]).toMatchObject({ position: 1, result: { answer: "42" }, broken: null });
      expect(first[2]).toMatchObject({
        result: null,
        broken: { code: "TERMINATED" },
        spentMicroUsd: 0,
      });
      expect(first[3]).toMatchObject({ result: null, broken: null });
      const second = await batches().results(set, 20);
      expect(second.map(({ position }) => position)).toEqual([21, 22, 23, 24, 25]);
      expect(await batches().results(set, 25)).toEqual([]);
    });
  });
});
