import { describe, expect, test } from "@jest/globals";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { executionAt, wholeHistories } from "../../../src/client/history-chain.ts";
import type {
  Histories,
  HistoryFate,
  HistoryPage,
  HistoryQuery,
} from "../../../src/client/histories.ts";
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
  let counted = 0;
  const count = async (): Promise<number> => {
    counted += 1;
    return length;
  };
  const cost = (): number => asked.length + counted;
  return {
    ...{ asked, cost },
    chain: { histories: { page, fate, count }, converter: loadDataConverter() },
  };
}

/** How each history came to its end: it moved on by itself, or was reset and says nothing of the next. */
function resetChain(moves: readonly ("moved" | "reset")[]) {
  let ordinal = 0;
  let [own, previous] = ["e0", ""];
  const all = Array.from({ length: moves.length + 1 }, (_, n) => {
    // One that took another's place begins with the very event with which that one began.
    if (moves[n - 1] === "moved") [ordinal, own, previous] = [ordinal + 1, `e${n}`, `e${n - 1}`];
    const input = ordinal === 0 ? INPUT : { ...INPUT, resumed: { execution: ordinal } };
    const start = eventAt(1, started(input, { first: "e0", own, previous }));
    return moves[n] === "moved" ? [start, eventAt(9, movedOn(`e${n + 1}`))] : [start];
  });
  const at = (executionId: string): number =>
    executionId === "" ? moves.length : Number(executionId.slice(1));
  const histories: Histories = {
    async page({ executionId, closeOnly, sizeMax }) {
      const events = all[at(executionId)] ?? [];
      return {
        events: closeOnly === true ? events.slice(1) : events.slice(0, sizeMax),
        next: null,
      };
    },
    async fate(_runId, executionId) {
      const n = at(executionId);
      const replacedBy = moves[n] === "reset" ? `e${n + 1}` : null;
      return { executionId, isOpen: n === moves.length, replacedBy };
    },
    count: async () => all.length,
  };
  return { all, histories, chain: { histories, converter: loadDataConverter() } };
}

describe("a place in the chain of histories", () => {
  test("is found from the nearer end, and with one or two questions where it is the first or the newest", async () => {
    const costs: number[] = [];
    for (let ordinal = 0; ordinal < 9; ordinal += 1) {
      const { cost, chain } = chainOf(9);
      expect(await executionAt(chain, RUN_ID, ordinal)).toBe(`e${ordinal}`);
      costs.push(cost());
    }
    expect(costs).toEqual([1, 2, 3, 4, 6, 5, 4, 3, 2]);
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

  test.each([
    [["reset"]],
    [["moved", "reset"]],
    [["reset", "moved"]],
    [["reset", "reset", "moved"]],
    [["moved", "reset", "moved", "moved"]],
    [["reset", "moved", "reset", "moved", "moved"]],
  ] as const)("is found whatever came before it, and all are read (case 10): %j", async (moves) => {
    const { all, histories, chain } = resetChain(moves);
    for (let place = 0; place <= moves.length; place += 1) {
      expect(await executionAt(chain, RUN_ID, place)).toBe(`e${place}`);
    }
    const read: unknown[] = [];
    for await (const events of wholeHistories(histories, RUN_ID)) read.push(events);
    expect(read).toEqual(all);
  });

  test("is found where nobody can say how many there are", async () => {
    const { chain, histories } = resetChain(["reset", "moved"]);
    const count = (): Promise<number> => Promise.reject(new Error("away"));
    const blind = { ...chain, histories: { ...histories, count } };
    expect(await executionAt(blind, RUN_ID, 1)).toBe("e1");
  });

  test("all histories are read, oldest first", async () => {
    const lengths: number[] = [];
    for await (const events of wholeHistories(chainOf(3).chain.histories, RUN_ID)) {
      lengths.push(events.length);
    }
    expect(lengths).toEqual([2, 2, 1]);
  });
});
