import { describe, expect, test } from "@jest/globals";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { executionAt, wholeHistories } from "../../../src/client/history-chain.ts";
import type { HistoryFate, HistoryPage, HistoryQuery } from "../../../src/client/histories.ts";
import { eventAt, movedOn, started } from "../../support/history-events.ts";
import { INPUT, RUN_ID } from "../../support/run-facts.ts";

/** A run that has moved to a fresh history so many times, and goes on. */
function chainOf(length: number) {
  const asked: HistoryQuery[] = [];
  const histories = Array.from({ length }, (_, n) => {
    const input = n === 0 ? INPUT : { ...INPUT, resumed: { execution: n } };
    const chain = { first: "e0", own: `e${n}`, previous: n === 0 ? "" : `e${n - 1}` };
    const begun = eventAt(1, started(input, chain));
    return n + 1 < length ? [begun, eventAt(9, movedOn(`e${n + 1}`))] : [begun];
  });
  const page = async (query: HistoryQuery): Promise<HistoryPage> => {
    asked.push(query);
    const { executionId, closeOnly, sizeMax } = query;
    const events = histories[executionId === "" ? length - 1 : Number(executionId.slice(1))] ?? [];
    if (closeOnly === true) return { events: events.slice(1), next: null };
    return { events: events.slice(0, sizeMax ?? events.length), next: null };
  };
  const fate = async (_runId: string, executionId: string): Promise<HistoryFate> => {
    const isOpen = executionId === `e${length - 1}`;
    return { executionId, isOpen, replacedBy: null };
  };
  return { asked, chain: { histories: { page, fate }, converter: loadDataConverter() } };
}

describe("a place in the chain of histories", () => {
  test("is found from the nearer end, and with one question where it is the newest or the first", async () => {
    const cost: number[] = [];
    for (let ordinal = 0; ordinal < 9; ordinal += 1) {
      const { asked, chain } = chainOf(9);
      expect(await executionAt(chain, RUN_ID, ordinal)).toBe(`e${ordinal}`);
      cost.push(asked.length);
    }
    expect(cost).toEqual([1, 2, 3, 4, 5, 4, 3, 2, 1]);
  });

  test("behind the newest is refused, and an open history is never asked how it ended", async () => {
    const { asked, chain } = chainOf(3);
    await expect(executionAt(chain, RUN_ID, 3)).rejects.toMatchObject({ code: "USAGE" });
    const ends = asked.filter(({ closeOnly }) => closeOnly === true);
    expect(ends.map(({ executionId }) => executionId)).toEqual(["e0", "e1"]);
  });

  test("that nobody can have been is refused at once", async () => {
    const { asked, chain } = chainOf(3);
    await expect(executionAt(chain, RUN_ID, 999_999)).rejects.toMatchObject({ code: "USAGE" });
    expect(asked).toHaveLength(1);
  });

  test("all histories are read, oldest first", async () => {
    const lengths: number[] = [];
    for await (const events of wholeHistories(chainOf(3).chain.histories, RUN_ID)) {
      lengths.push(events.length);
    }
    expect(lengths).toEqual([2, 2, 1]);
  });
});
