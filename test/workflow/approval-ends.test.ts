// What ends the wait for a person's word, and what no longer counts then.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { connect } from "../../src/client/connect.ts";
import { createRunClient, type RunClient } from "../../src/client/run-client.ts";
import { readConfig } from "../../src/config.ts";
import type { RunOrder } from "../../src/client/run-order.ts";
import {
  approval,
  denial,
  openFilesFolder,
  waitingCalls,
  writeCall,
} from "../support/approvals.ts";
import { lastAnswers, openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

let bench: RunBench;
const files = openFilesFolder();
const TIMEOUT_MS = 4000;

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, PAWL_FILES_DIR: files.dir } });
}, 180_000);
afterAll(async () => {
  await bench?.close();
  files.remove();
});
beforeEach(() => bench.world.model.reset());

async function asked(toolCalls: readonly object[], order: Partial<RunOrder> = {}) {
  const done = { reply: { text: "Done." } };
  await bench.world.model.script([{ reply: { toolCalls } }, done]);
  const runId = await bench.start("Go on.", order);
  const pending = await waitingCalls(bench.world.client, runId, toolCalls.length);
  return { runId, pending };
}

async function connectTo(env: NodeJS.ProcessEnv): Promise<RunClient> {
  const temporalAddress = env["TEMPORAL_ADDRESS"] ?? "";
  return createRunClient(await connect(readConfig(env), { temporalAddress }));
}

/** By the code of the refusal, or "accepted". */
async function decideAnyway(...decision: Parameters<typeof bench.world.client.decide>) {
  const decided = bench.world.client.decide(...decision);
  return await decided.then(
    () => "accepted",
    (error: unknown) => (error as { code?: string }).code,
  );
}

describe("A2: a decision counts only", () => {
  it("for the arguments that wait, and not for others", async () => {
    const { runId, pending } = await asked([writeCall("a.txt")]);
    const other = approval(pending[0], { argsDigest: "0".repeat(64) });
    expect(await decideAnyway(runId, other)).toBe("APPROVAL_MISMATCH");
    expect(await decideAnyway(runId, { ...other, editedInput: { path: "b", content: "" } })).toBe(
      "APPROVAL_MISMATCH",
    );
    expect(files.of(runId)).toEqual([]);
    expect(await decideAnyway(runId, denial(pending[0]))).toBe("accepted");
    await bench.ended(runId);
  }, 120_000);

  it("for a call that waits in this run", async () => {
    const { runId, pending } = await asked([writeCall("a.txt")]);
    const stranger = approval(pending[0], { callId: "toolu_stranger" });
    expect(await decideAnyway(runId, stranger)).toBe("APPROVAL_NOT_FOUND");
    expect(await decideAnyway("run_nobody", approval(pending[0]))).toBe("RUN_NOT_FOUND");
    await expect(bench.world.client.approval(runId, "toolu_stranger")).rejects.toMatchObject({
      code: "APPROVAL_NOT_FOUND",
    });
    await bench.world.client.decide(runId, denial(pending[0]));
    await bench.ended(runId);
    expect(await decideAnyway(runId, approval(pending[0]))).toBe("RUN_ENDED");
    expect(files.of(runId)).toEqual([]);
  }, 120_000);

  it("while the run is under way, and a cancel takes its questions back", async () => {
    const { runId, pending } = await asked([writeCall("a.txt"), writeCall("b.txt")]);
    await bench.world.client.cancel(runId);
    const { result } = await bench.ended(runId);
    expect(result.outcome.kind).toBe("cancelled");
    expect(await decideAnyway(runId, approval(pending[0]))).toBe("RUN_ENDED");
    const types = (await bench.events(runId)).map(({ type }) => type);
    expect(types.slice(-2)).toEqual(["run.waiting", "run.ended"]);
    const { histories } = await bench.world.client.exportHistories(runId);
    expect(JSON.stringify(histories)).not.toContain('"runTool"');
    expect(files.of(runId)).toEqual([]);
    await until("nothing is listed", async () => {
      return (await bench.world.client.approvals()).every((call) => call.runId !== runId);
    });
  }, 120_000);

  it("within the wall clock of the run, which runs on while it waits", async () => {
    const { runId, pending } = await asked([writeCall("a.txt")], { limits: { wallClockMs: 5000 } });
    const { result } = await bench.ended(runId);
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "wall_clock" });
    expect(await decideAnyway(runId, approval(pending[0]))).toBe("RUN_ENDED");
    expect(files.of(runId)).toEqual([]);
  }, 120_000);
});

describe("A1: of several decisions", () => {
  it("the first stands, and a second is told which it was", async () => {
    const { runId, pending } = await asked([writeCall("a.txt"), writeCall("b.txt")]);
    expect(await decideAnyway(runId, denial(pending[0]))).toBe("accepted");
    expect(await decideAnyway(runId, approval(pending[0]))).toBe("APPROVAL_DECIDED");
    const late = denial(pending[0], { by: "somebody else" });
    await expect(bench.world.client.decide(runId, late)).rejects.toMatchObject({
      code: "APPROVAL_DECIDED",
      message: expect.stringContaining("denied before"),
    });
    await expect(bench.world.client.approval(runId, pending[0].callId)).rejects.toMatchObject({
      code: "APPROVAL_DECIDED",
    });
    expect(await decideAnyway(runId, approval(pending[1]!))).toBe("accepted");
    await bench.ended(runId);
    expect(files.of(runId)).toEqual(["b.txt"]);
  }, 120_000);

  it("one that is repeated is the same decision, and gets the same answer", async () => {
    const { runId, pending } = await asked([writeCall("a.txt"), writeCall("b.txt")]);
    const once = await bench.world.client.decide(runId, approval(pending[0]));
    expect(await bench.world.client.decide(runId, approval(pending[0]))).toEqual(once);
    await bench.world.client.decide(runId, denial(pending[1]!));
    await bench.ended(runId);
    const events = await bench.events(runId);
    expect(events.filter(({ type }) => type === "approval.decided")).toHaveLength(2);
    expect(events.filter(({ type }) => type === "tool.started")).toHaveLength(1);
  }, 120_000);

  it("one that came before the run moved to a fresh history is known there", async () => {
    await bench.worker.stop();
    const worker = await bench.world.startWorker({ PAWL_HISTORY_MAX_EVENTS: "12" });
    const { runId, pending } = await askedTwice();
    await bench.world.client.decide(runId, approval(pending[0], { always: true }));
    const [next] = await until("the next history asks", async () => {
      const waiting = await waitingCalls(bench.world.client, runId);
      return waiting[0].turn > 2 && waiting;
    });
    const { histories } = await bench.world.client.exportHistories(runId);
    expect(histories.length).toBeGreaterThan(1);
    expect(await decideAnyway(runId, denial(pending[0]))).toBe("APPROVAL_DECIDED");
    await bench.world.client.decide(runId, denial(next));
    await bench.world.client.result(runId);
    expect(files.of(runId)).toEqual(["a.txt", "b.txt"]);
    await worker.stop();
    await bench.world.startWorker();
  }, 120_000);

  /** "Always" for files in the first history, files and a sum in a later one. */
  async function askedTwice() {
    const sum = { name: "calculator", input: { expression: "6*7" } };
    const calls = [[writeCall("a.txt")], [writeCall("b.txt")], [sum]];
    const replies = calls.map((toolCalls) => ({ reply: { toolCalls } }));
    await bench.world.model.script([...replies, { reply: { text: "Done." } }]);
    const runId = await bench.start("Go on.", { policy: { ask: ["calculator"] } });
    return { runId, pending: await waitingCalls(bench.world.client, runId) };
  }
});

describe("A2: silence", () => {
  it("until the deadline is a denial: the model is told, and a later word is refused", async () => {
    const strict = await bench.world.startWorker({
      PAWL_APPROVAL_TIMEOUT_MS: String(TIMEOUT_MS),
      PAWL_TASK_QUEUE: "impatient",
    });
    const env = { ...bench.world.env, PAWL_TASK_QUEUE: "impatient" };
    const client = await connectTo(env);
    try {
      const done = { reply: { text: "Done." }, hold: true };
      await bench.world.model.script([{ reply: { toolCalls: [writeCall("a.txt")] } }, done]);
      const { runId } = await client.start({ task: "Go on.", tenant: "test", session: "test" });
      const [pending] = await waitingCalls(client, runId);
      const lastsMs = Date.parse(pending.deadlineAt) - Date.parse(pending.requestedAt);
      expect(lastsMs).toBe(TIMEOUT_MS);
      await until(
        "the model is told",
        async () => (await bench.world.model.requests()).length === 2,
      );
      expect(await decideAnyway(runId, approval(pending))).toBe("APPROVAL_EXPIRED");
      await expect(client.approval(runId, pending.callId)).rejects.toMatchObject({
        code: "APPROVAL_EXPIRED",
      });
      await bench.world.model.release();
      const { requests } = await bench.ended(runId);
      expect(lastAnswers(requests[1]!).answered).toEqual([
        expect.objectContaining({ isError: true, text: expect.stringContaining("silence") }),
      ]);
      expect(files.of(runId)).toEqual([]);
      const events = await bench.events(runId);
      expect(events.find(({ type }) => type === "approval.decided")).toMatchObject({
        verdict: "expired",
        by: null,
      });
    } finally {
      await client.close();
      await strict.kill();
    }
  }, 120_000);
});
