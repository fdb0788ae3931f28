import { describe, expect, test } from "@jest/globals";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { awaitResult } from "../../../src/client/await-result.ts";
import type { HistoryFate, HistoryPage, HistoryQuery } from "../../../src/client/histories.ts";
import type { RunSources } from "../../../src/client/read-run.ts";
import type { HistoryEvent } from "../../../src/temporal/payloads.ts";
import {
  completed,
  ended,
  eventAt,
  movedOn,
  scheduled,
  started,
} from "../../support/history-events.ts";
import { callInput, INPUT, OPENED, replied, RUN_ID } from "../../support/run-facts.ts";

const OPEN: readonly HistoryEvent[] = [
  eventAt(1, started(INPUT)),
  eventAt(5, scheduled("1", "openRun", INPUT)),
  eventAt(7, completed(5, OPENED)),
  eventAt(11, scheduled("2", "callModel", callInput(1))),
  eventAt(13, completed(11, replied("One."))),
];
const RESULT = { type: "result", outcome: { kind: "answered" }, answer: "42" };
const terminated = eventAt(90, {
  workflowExecutionTerminatedEventAttributes: { reason: "by hand" },
});

/** Long polls for the end come back empty so many times before it is there. */
function sourcesOf(histories: readonly (readonly HistoryEvent[])[], emptyAnswers = 2) {
  const asked: HistoryQuery[] = [];
  const page = async (query: HistoryQuery): Promise<HistoryPage> => {
    asked.push(query);
    const events = histories[query.executionId === "" ? 0 : Number(query.executionId)] ?? [];
    if (query.closeOnly !== true) return { events, next: null };
    const answered = query.from?.[0] ?? 0;
    return answered < emptyAnswers
      ? { events: [], next: new Uint8Array([answered + 1]) }
      : { events: events.slice(-1), next: null };
  };
  const client: Partial<RunSources["client"]> = {};
  const sources: RunSources = {
    // Nothing of it is needed to read a history.
    client: client as RunSources["client"],
    histories: {
      page,
      fate: async () => ({ executionId: "0", isOpen: false, replacedBy: null }),
      count: async () => 1,
    },
    converter: loadDataConverter(),
    link: () => null,
  };
  return { asked, sources };
}

const never = new AbortController().signal;

describe("who waits for a result", () => {
  test("asks for the end of each history and for nothing else", async () => {
    const { asked, sources } = sourcesOf([
      [...OPEN, eventAt(20, movedOn("1"))],
      [eventAt(1, started(INPUT)), eventAt(9, ended(RESULT))],
    ]);
    expect(await awaitResult(sources, RUN_ID, never)).toEqual(RESULT);
    expect(asked).toHaveLength(6);
    expect(asked.every(({ closeOnly, wait }) => closeOnly === true && wait)).toBe(true);
  });

  test("reads the history, once, of a run that was broken off", async () => {
    const { asked, sources } = sourcesOf([[...OPEN, terminated]]);
    expect(await awaitResult(sources, RUN_ID, never)).toMatchObject({
      outcome: { kind: "failed", code: "TERMINATED", message: expect.stringMatching(/by hand/) },
      answer: "One.",
      partial: true,
    });
    expect(asked.filter(({ closeOnly }) => closeOnly !== true)).toHaveLength(1);
  });

  test("is led on where a history was broken off by a reset, again and again (case 10)", async () => {
    const { asked, sources } = sourcesOf([
      [...OPEN, terminated],
      [...OPEN, terminated],
      [eventAt(1, started(INPUT)), eventAt(9, ended(RESULT))],
    ]);
    const fate = async (_runId: string, executionId: string): Promise<HistoryFate> => ({
      // Of the newest, which is another by now.
      executionId: executionId === "" ? "1" : executionId,
      isOpen: false,
      replacedBy: executionId === "1" ? "2" : null,
    });
    const reset = { ...sources, histories: { ...sources.histories, fate } };
    expect(await awaitResult(reset, RUN_ID, never)).toEqual(RESULT);
    expect(new Set(asked.map(({ executionId }) => executionId))).toEqual(new Set(["", "1", "2"]));
    expect(asked.every(({ closeOnly }) => closeOnly === true)).toBe(true);
  });

  test("is told nothing once it waits no more", async () => {
    const leaving = new AbortController();
    const { sources } = sourcesOf([OPEN], Infinity);
    const { histories } = sources;
    let polls = 0;
    const leavesLater: RunSources = {
      ...sources,
      histories: {
        ...histories,
        page: (query) => {
          polls += 1;
          if (polls === 5) leaving.abort();
          return histories.page(query);
        },
      },
    };
    expect(await awaitResult(leavesLater, RUN_ID, leaving.signal)).toBeNull();
  });
});
