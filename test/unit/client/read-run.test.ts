import { describe, expect, test } from "@jest/globals";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { readApproval } from "../../../src/client/approvals.ts";
import { argsDigest } from "../../../src/domain/args-digest.ts";
import type { Histories } from "../../../src/client/histories.ts";
import type { HistoryEvent } from "../../../src/temporal/payloads.ts";
import { readRun, type RunSources } from "../../../src/client/read-run.ts";
import { tellOn, UNTOLD } from "../../../src/client/told-run.ts";
import type { RunTotals } from "../../../src/store/ledger.ts";
import {
  completed,
  ended,
  eventAt,
  memo,
  movedOn,
  scheduled,
  signaled,
  started,
  updateAccepted,
} from "../../support/history-events.ts";
import {
  asked,
  callInput,
  calling,
  INPUT,
  OPENED,
  OPENING,
  replied,
  RUN_ID,
  SNAPSHOT,
  toldIn,
} from "../../support/run-facts.ts";

/** The newest history is the one that is asked for without a name. */
function sourcesOf(...histories: readonly (readonly HistoryEvent[])[]): RunSources {
  const read: Histories = {
    fate: async () => ({ executionId: "0", isOpen: true, replacedBy: null }),
    count: async () => 1,
    async page({ executionId }) {
      const events = histories[executionId === "" ? 0 : Number(executionId)] ?? [];
      return { events, next: null };
    },
  };
  const client: Partial<RunSources["client"]> = {};
  return {
    // Nothing of it is needed to read a history.
    client: client as RunSources["client"],
    histories: read,
    converter: loadDataConverter(),
    link: (runId) => `http://ui/${runId}`,
  };
}

async function shown(...histories: readonly (readonly HistoryEvent[])[]) {
  return await readRun(sourcesOf(...histories), RUN_ID);
}

const snapshot = { ...SNAPSHOT, policy: { write_file: "ask" } } as const;
const OPEN: readonly HistoryEvent[] = [
  eventAt(1, started(INPUT)),
  eventAt(5, scheduled("1", "openRun", INPUT)),
  eventAt(7, completed(5, { ...OPENED, snapshot })),
];
const ASKED = eventAt(11, scheduled("2", "callModel", callInput(1)));

const input = { path: "notes.txt" };
const pending = {
  callId: "a",
  tool: "write_file",
  turn: 1,
  preview: "{}",
  argsDigest: argsDigest(input),
  reason: "the policy says so",
  requestedAt: "2026-11-21T10:00:00.000Z",
  deadlineAt: "2026-11-22T10:00:00.000Z",
};
const WRITING = calling(
  { a: "write_file", b: "write_file" },
  {
    message: {
      role: "assistant",
      content: [{ type: "tool_use", id: "a", name: "write_file", input }],
    },
  },
);
const WAITING: readonly HistoryEvent[] = [
  ...OPEN,
  ASKED,
  eventAt(13, completed(11, WRITING)),
  eventAt(
    15,
    memo({ approvals: { waiting: [pending, { ...pending, callId: "b" }], expired: [] } }),
  ),
];
const ruling = { callId: "a", verdict: "deny", argsDigest: "digest_a", by: "ann" };

describe("a run that is read", () => {
  test("before a worker has opened it is running, and its model is not known", async () => {
    expect(await shown(OPEN.slice(0, 2))).toMatchObject({
      kind: "open",
      status: "running",
      about: { task: "add", tenant: "acme", model: null, capUsd: null, link: "http://ui/run_test" },
      soFar: { answer: null, turns: 0 },
    });
  });

  test("says what it has so far, and what it may cost", async () => {
    expect(
      await shown([...OPEN, ASKED, eventAt(13, completed(11, replied("One.")))]),
    ).toMatchObject({
      status: "running",
      waiting: null,
      about: { model: SNAPSHOT.model, capUsd: 1, provider: "the offline model", routing: null },
      soFar: { answer: "One.", partial: true, costUsd: 0.0015 },
    });
  });

  describe("with a ledger has the ledger's money, which knows of lost attempts before it does:", () => {
    const ledger = {
      ...{ spentMicroUsd: 0, fearedMicroUsd: 0, heldMicroUsd: 0, crashTaxMicroUsd: 0 },
      ...{ modelAttempts: 1, repliesSettled: 0 },
    };
    const lost = { spentMicroUsd: 300, fearedMicroUsd: 181_944, crashTaxMicroUsd: 182_244 };
    const first = [...OPEN, ASKED];
    const second = [...first, eventAt(13, completed(11, replied("One.")))];

    test.each<[string, readonly HistoryEvent[], Partial<RunTotals>, object, object]>([
      [
        "one was lost and the next is under way",
        first,
        { ...lost, heldMicroUsd: 181_000, modelAttempts: 2 },
        { costUsd: 0.182244, crashTaxUsd: 0.182244, modelAttempts: 2, modelCalls: 0 },
        { heldUsd: 0.181, fearedUsd: 0.181944 },
      ],
      [
        "the first call is under way",
        first,
        { heldMicroUsd: 181_000 },
        { costUsd: 0, crashTaxUsd: 0, modelAttempts: 1 },
        { heldUsd: 0.181, fearedUsd: 0 },
      ],
      [
        "one was lost behind a reply that was paid",
        second,
        { ...lost, spentMicroUsd: 1800, modelAttempts: 3 },
        { costUsd: 0.183744, crashTaxUsd: 0.182244, modelAttempts: 3, modelCalls: 1 },
        { heldUsd: 0, fearedUsd: 0.181944 },
      ],
    ])("%s", async (...[, history, totals, soFar, books]) => {
      const sources = { ...sourcesOf(history), totals: async () => ({ ...ledger, ...totals }) };
      expect(await readRun(sources, RUN_ID)).toMatchObject({ kind: "open", soFar, books });
    });

    test("where it can't be asked, the run's own figures stand, and no books", async () => {
      const sources = { ...sourcesOf(second), totals: async () => null };
      const own = { soFar: { costUsd: 0.0015 }, books: null };
      expect(await readRun(sources, RUN_ID)).toMatchObject(own);
    });
  });

  test("is paused where a person paused it, and runs again where it is resumed", async () => {
    const paused = [...OPEN, eventAt(9, signaled("pause"))];
    expect(await shown(paused)).toMatchObject({ status: "paused", waiting: null });
    expect(await shown([...paused, eventAt(10, signaled("resume"))])).toMatchObject({
      status: "running",
    });
  });

  test("waits as its memo says, through the next try, until a reply comes", async () => {
    const wait = { reason: "capacity", message: "busy", nextAttemptAt: null };
    const waiting = [...OPEN, eventAt(9, memo({ waiting: { ...wait, limit: null } }))];
    expect(await shown(waiting)).toMatchObject({ status: "waiting" });
    expect((await shown(waiting)) as unknown).toHaveProperty("waiting", wait);
    expect(await shown([...waiting, ASKED])).toMatchObject({ status: "waiting", waiting: wait });
    const replying = [...waiting, ASKED, eventAt(13, completed(11, replied("One.")))];
    expect(await shown(replying)).toMatchObject({ status: "running", waiting: null });
  });

  test("waits for a person while a call is undecided", async () => {
    expect(await shown(WAITING)).toMatchObject({
      status: "waiting",
      waiting: { reason: "approval", message: "2 calls wait for a person's decision" },
      approvals: [{ callId: "a" }, { callId: "b" }],
    });
    const decided = [...WAITING, eventAt(20, updateAccepted("decide", ruling))];
    expect(await shown(decided)).toMatchObject({ status: "waiting", approvals: [{ callId: "b" }] });
  });

  test("that has ended is its result, word for word", async () => {
    const result = { type: "result", outcome: { kind: "answered" }, answer: "42" };
    expect(await shown([...OPEN, eventAt(9, ended(result))])).toMatchObject({
      kind: "ended",
      result,
    });
  });

  test("that was broken off is what was seen of it", async () => {
    const terminated = { workflowExecutionTerminatedEventAttributes: { reason: "by hand" } };
    const broken = eventAt(9000, terminated);
    expect(
      await shown([...OPEN, ASKED, eventAt(13, completed(11, replied("One."))), broken]),
    ).toMatchObject({
      kind: "ended",
      result: {
        outcome: { kind: "failed", code: "TERMINATED", message: expect.stringMatching(/by hand/) },
        answer: "One.",
        partial: true,
        durationMs: 8999,
      },
    });
  });

  test("is read on in the history to which it moved meanwhile", async () => {
    const facts = toldIn([...OPENING, [11, asked(1)], [13, replied("One.")]]);
    const resumed = { ...facts.reduce(tellOn, UNTOLD).state, execution: 1 };
    const moved = [...OPEN, eventAt(9, movedOn("1"))];
    expect(await shown(moved, [eventAt(1, started({ ...INPUT, resumed }))])).toMatchObject({
      kind: "open",
      about: { task: "add", model: SNAPSHOT.model },
      soFar: { answer: "One.", turns: 1 },
    });
  });
});

describe("a call that waits for a person", () => {
  const read = async (callId: string, ...more: readonly HistoryEvent[]) =>
    await readApproval(sourcesOf([...WAITING, ...more]), RUN_ID, callId);

  test("is read whole: its run, its arguments and what they may be", async () => {
    expect(await read("a")).toEqual({
      ...pending,
      runId: RUN_ID,
      tenant: "acme",
      agent: "assistant",
      task: "add",
      input,
      inputSchema: { type: "object" },
    });
  });

  test.each([
    ["others", [{ type: "tool_use", id: "a", name: "write_file", input: { path: "evil.txt" } }]],
    ["none", []],
    [
      "the same in another order",
      [
        { type: "tool_use", id: "b", name: "write_file", input: { path: "evil.txt" } },
        { type: "tool_use", id: "a", name: "write_file", input },
      ],
    ],
  ])("is not shown where the history holds %s than it waits with", async (_, content) => {
    const message = { role: "assistant", content };
    const reply = eventAt(13, completed(11, { ...WRITING, message }));
    const history = [...OPEN, ASKED, reply, ...WAITING.slice(-1)];
    await expect(readApproval(sourcesOf(history), RUN_ID, "a")).rejects.toMatchObject({
      code: "APPROVAL_MISMATCH",
    });
  });

  test("A1: that was decided, or nobody decided in time, says so", async () => {
    const decided = eventAt(20, updateAccepted("decide", ruling));
    await expect(read("a", decided)).rejects.toMatchObject({
      code: "APPROVAL_DECIDED",
      message: expect.stringMatching(/denied before/),
    });
    const expired = eventAt(20, memo({ approvals: { waiting: [], expired: ["a", "b"] } }));
    await expect(read("b", expired)).rejects.toMatchObject({ code: "APPROVAL_EXPIRED" });
  });

  test("that nobody knows, or whose run has ended, is not found", async () => {
    await expect(read("z")).rejects.toMatchObject({ code: "APPROVAL_NOT_FOUND" });
    const over = eventAt(20, ended({ type: "result" }));
    await expect(read("a", over)).rejects.toMatchObject({ code: "RUN_ENDED" });
  });
});
