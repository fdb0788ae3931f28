// What the tools of a run did is taken back, with a real worker: by the run itself, or on a person's word later.

import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Compensation } from "../../src/domain/effect.ts";
import { heldRequest } from "../support/chaos.ts";
import { until } from "../support/processes.ts";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";

jest.setTimeout(60_000);

let bench: RunBench;
let dir: string;
let file: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "pawl-saga-"));
  file = join(dir, "bookings");
  await writeFile(file, "");
  bench = await openRunBench({
    workerMain: "test/support/saga-worker.mjs",
    env: { ...PATIENT, BOOKINGS: file, PAWL_HISTORY_MAX_EVENTS: "40" },
  });
}, 120_000);
afterAll(async () => {
  await bench?.close();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  await writeFile(file, "");
  await bench.world.model.reset();
});

const books = (...inputs: readonly object[]) => ({
  reply: { toolCalls: inputs.map((input) => ({ name: "book", input })) },
});

async function lines(): Promise<readonly string[]> {
  return (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
}

async function undoneOf(): Promise<{ did: readonly string[]; undid: readonly string[] }> {
  const all = await lines();
  const of = (word: string) =>
    all.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  return { did: of("did"), undid: of("undid") };
}

async function cancelledWith(inputs: readonly object[], onFailure?: "keep"): Promise<string> {
  await bench.world.model.script([
    ...inputs.map((input) => books(input)),
    { hold: true, reply: { text: "done" } },
  ]);
  const order = { agent: "booker", ...(onFailure !== undefined && { onFailure }) };
  const runId = await bench.start("Book.", order);
  await heldRequest(bench.world, runId);
  await bench.world.client.cancel(runId);
  return runId;
}

async function undone(runId: string): Promise<readonly Compensation[]> {
  await bench.world.client.undo(runId, "ann");
  const watch = bench.world.client.watchUndo(runId);
  let step = await watch.next();
  while (step.done !== true) step = await watch.next();
  return step.value;
}

describe("by the run itself", () => {
  test("where it is cancelled: viewers are told of each, and the result names what stands", async () => {
    const runId = await cancelledWith([{ what: 1 }, { what: 2, isLocked: true }, { what: 3 }]);
    const { result } = await bench.ended(runId);
    expect(result.compensations).toEqual([
      { callId: "1.1", tool: "book", undo: "undone" },
      { callId: "2.1", tool: "book", undo: "failed", message: "the booking is locked" },
      { callId: "3.1", tool: "book", undo: "undone" },
    ]);
    const events = await bench.events(runId);
    const told = events.filter((event) => event.type === "tool.compensated");
    expect(told.map(({ callId, undo }) => [callId, undo])).toEqual([
      ["3.1", "undone"],
      ["2.1", "failed"],
      ["1.1", "undone"],
    ]);
    expect(events.at(-1)?.type).toBe("run.ended");
    expect(bench.logged(runId, "tool_compensated")).toHaveLength(2);
    const stands = { tool: "book", callId: "2.1", problem: "the booking is locked", alert: true };
    expect(bench.logged(runId, "tool_not_compensated")).toMatchObject([stands]);
  });

  test("where it fails, over fresh histories, the last first", async () => {
    const many = Array.from({ length: 12 }, (_, what) => ({ what }));
    await bench.world.model.script([books(...many), { reply: { stopReason: "made_up" } }]);
    const { result } = await bench.run("Book.", { agent: "booker" });
    expect(result.outcome).toMatchObject({ kind: "failed", code: "UNKNOWN_STOP_REASON" });
    expect(result.compensations?.every(({ undo }) => undo === "undone")).toBe(true);
    const { did, undid } = await undoneOf();
    expect(undid.toSorted()).toEqual(did.toSorted());
    expect(new Set(undid).size).toBe(12);
    const { histories } = await bench.world.client.exportHistories(result.runId);
    expect(histories.length).toBeGreaterThan(1);
  });

  test("not where it was told to keep it", async () => {
    const runId = await cancelledWith([{ what: 1 }], "keep");
    const { result } = await bench.ended(runId);
    expect(result.compensations).toEqual([{ callId: "1.1", tool: "book", undo: "kept" }]);
    expect((await undoneOf()).undid).toEqual([]);
  });
});

describe("on a person's word", () => {
  const answered = async (...inputs: readonly object[]): Promise<string> => {
    await bench.world.model.script([
      ...inputs.map((input) => books(input)),
      { reply: { text: "ok" } },
    ]);
    const { result } = await bench.run("Book.", { agent: "booker" });
    expect(result.outcome.kind).toBe("answered");
    expect(result).not.toHaveProperty("compensations");
    return result.runId;
  };

  test("what an answered run did is undone, the last first, and once", async () => {
    const runId = await answered({ what: 1 }, { what: 2 });
    expect((await undone(runId)).map(({ undo }) => undo)).toEqual(["undone", "undone"]);
    const { did, undid } = await undoneOf();
    expect(undid).toEqual(did.toReversed());
    await expect(bench.world.client.undo(runId, "ann")).rejects.toMatchObject({
      code: "NOTHING_TO_UNDO",
    });
    const shown = await bench.world.client.show(runId);
    expect(shown).toMatchObject({
      result: {
        outcome: { kind: "answered" },
        compensations: [{ undo: "undone" }, { undo: "undone" }],
      },
    });
  });

  test("where several ask at once, it is done once", async () => {
    const runId = await answered({ what: 1 }, { what: 2 });
    await Promise.all(["ann", "bob", "eve"].map((by) => bench.world.client.undo(runId, by)));
    await until("all is undone", async () => (await undoneOf()).undid.length === 2);
    const watch = bench.world.client.watchUndo(runId);
    while ((await watch.next()).done !== true);
    expect((await undoneOf()).undid).toHaveLength(2);
  });

  test("what could not be undone is tried again, and nothing else", async () => {
    const runId = await answered({ what: 1 }, { what: 2, isLocked: true });
    const first = await undone(runId);
    expect(first.map(({ undo }) => undo)).toEqual(["undone", "failed"]);
    await appendFile(file, "unlocked\n");
    const second = await undone(runId);
    expect(second.map(({ undo }) => undo)).toEqual(["undone", "undone"]);
    expect((await undoneOf()).undid).toHaveLength(2);
  });

  test("not of a run that is under way, nor of one that did nothing", async () => {
    await bench.world.model.script([{ hold: true, reply: { text: "ok" } }]);
    const runId = await bench.start("Wait.", { agent: "booker" });
    await heldRequest(bench.world, runId);
    const undo = () => bench.world.client.undo(runId, "ann");
    await expect(undo()).rejects.toMatchObject({ code: "RUN_UNDER_WAY" });
    await bench.world.model.release();
    await bench.ended(runId);
    await expect(undo()).rejects.toMatchObject({ code: "NOTHING_TO_UNDO" });
  });

  test("also where the run was ended from outside, and its transcript is lost", async () => {
    await bench.world.model.script([books({ what: 1 }), { hold: true, reply: { text: "ok" } }]);
    const runId = await bench.start("Book.", { agent: "booker" });
    await heldRequest(bench.world, runId);
    await bench.world.client.terminate(runId, "ann");
    await bench.world.db`delete from pawl.message where run_id = ${runId}`;
    expect(await undone(runId)).toEqual([{ callId: "1.1", tool: "book", undo: "undone" }]);
  });
});
