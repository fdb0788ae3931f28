import { expect, test } from "@jest/globals";
import { tailHistory, type Histories, type HistoryPage } from "../../../src/client/histories.ts";
import { ended, eventAt } from "../../support/history-events.ts";

const numbered = (from: number, count: number): HistoryPage["events"] =>
  Array.from({ length: count }, (_, n) => eventAt(from + n, {}));

test("all that has happened is read at once, and only what happens from then on is gathered", async () => {
  const pages: readonly HistoryPage["events"][] = [
    numbered(1, 256),
    numbered(257, 300),
    numbered(557, 3),
    [],
    [eventAt(560, ended({}))],
  ];
  let gathered = 0;
  const read: number[] = [];
  const histories: Histories = {
    fate: async () => ({ executionId: "e", isOpen: true, replacedBy: null }),
    count: async () => 1,
    async page({ from }: { readonly from: Uint8Array | null }): Promise<HistoryPage> {
      const at = from?.[0] ?? 0;
      const next = at + 1 < pages.length ? new Uint8Array([at + 1]) : null;
      return { events: pages[at] ?? [], next };
    },
  };
  const gatherMs = (): number => {
    gathered += 1;
    return 0;
  };
  const tail = tailHistory(histories, { runId: "r", executionId: "e", wait: true, gatherMs });
  for await (const { eventId } of tail) read.push(Number(eventId));
  expect(read).toEqual(Array.from({ length: 560 }, (_, n) => n + 1));
  expect(gathered).toBe(1);
});
