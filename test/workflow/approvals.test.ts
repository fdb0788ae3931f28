// A person's word on a tool call: asked, waited for, decided once, and bound to what was asked.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { RunOrder } from "../../src/client/run-order.ts";
import {
  approval,
  denial,
  openFilesFolder,
  waitingCalls,
  writeCall,
} from "../support/approvals.ts";
import { expectOnlyGrowth, lastAnswers, openRunBench, PATIENT } from "../support/run-bench.ts";
import type { RunBench, RunSeen } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

let bench: RunBench;
const files = openFilesFolder();

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, PAWL_FILES_DIR: files.dir } });
}, 180_000);
afterAll(async () => {
  await bench?.close();
  files.remove();
});
beforeEach(() => bench.world.model.reset());

const sum = { name: "calculator", input: { expression: "6*7" } };
const done = { reply: { text: "Done." } };

async function start(
  replies: readonly (readonly object[])[],
  order: Partial<RunOrder> = {},
): Promise<string> {
  await bench.world.model.script([...replies.map((toolCalls) => ({ reply: { toolCalls } })), done]);
  return await bench.start("Go on.", order);
}

async function asked(toolCalls: readonly object[], calls = toolCalls.length) {
  const runId = await start([toolCalls]);
  const pending = await waitingCalls(bench.world.client, runId, calls);
  return { runId, pending };
}

/** What the model was told in its newest request. */
function told({ requests }: RunSeen): ReturnType<typeof lastAnswers> {
  return lastAnswers(requests.at(-1) ?? { id: "", runKey: null, at: "", state: "", eventsSent: 0 });
}

const types = async (runId: string): Promise<readonly string[]> =>
  (await bench.events(runId)).map(({ type }) => type).filter((type) => type !== "reply.delta");

describe("a call that is asked about", () => {
  it("lists its run as waiting, with what it has cost so far", async () => {
    const { runId, pending } = await asked([writeCall("notes.txt")]);
    const listed = await until("the list knows of the wait", async () => {
      const runs = await bench.world.client.list({ status: "waiting" });
      return runs.find((run) => run.runId === runId);
    });
    expect(listed.turns).toBe(1);
    expect(Math.round(listed.costUsd * 1e6)).toBe(await bench.world.model.billedMicroUsd(runId));
    await bench.world.client.decide(runId, denial(pending[0]));
    await bench.ended(runId);
  });

  it("A3: waits, shows what it would do, and is executed once a person approves", async () => {
    const { runId, pending } = await asked([writeCall("notes.txt")]);
    const { argsDigest, callId } = pending[0];
    expect(await bench.world.client.approval(runId, callId)).toMatchObject({
      runId,
      tool: "write_file",
      turn: 1,
      tenant: "test",
      task: "Go on.",
      input: { path: "notes.txt", content: "hello" },
      inputSchema: { required: ["path", "content"] },
      reason: expect.stringContaining("approval"),
    });
    expect(files.of(runId)).toEqual([]);
    const decided = await bench.world.client.decide(
      runId,
      approval(pending[0], { reason: "fine" }),
    );
    expect(decided).toMatchObject({ verdict: "approved", by: "tester", reason: "fine" });
    const { result } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 1 });
    expect(readFileSync(join(files.dir, "test", runId, "notes.txt"), "utf8")).toBe("hello");
    expect(await types(runId)).toEqual([
      ...["run.started", "turn.started", "reply.finished"],
      ...["approval.requested", "run.waiting", "approval.decided", "run.continued"],
      ...["tool.started", "tool.finished"],
      ...["turn.started", "reply.finished", "run.ended"],
    ]);
    const events = await bench.events(runId);
    expect(events.find(({ type }) => type === "approval.requested")).toMatchObject({
      input: { path: "notes.txt", content: "hello" },
      argsDigest,
    });
    await until("both are logged", () => {
      const lines = ["approval_requested", "approval_decided"].map((name) => {
        return bench.logged(runId, name);
      });
      return lines.every(({ length }) => length === 1);
    });
    expect(bench.logged(runId, "approval_decided")).toEqual([
      expect.objectContaining({ verdict: "approved", by: "tester", tool: "write_file" }),
    ]);
    expect(bench.logged(runId, "tool_call")).toEqual([
      expect.objectContaining({ verdict: "approved", reason: "fine", by: "tester" }),
    ]);
  }, 120_000);

  it("is in the list of all runs while it waits, and the run's status is waiting", async () => {
    const { runId, pending } = await asked([writeCall("a.txt"), writeCall("b.txt")]);
    const listed = await until("both are listed", async () => {
      const calls = await bench.world.client.approvals({ tenant: "test" });
      const own = calls.filter((call) => call.runId === runId);
      return own.length === 2 && own;
    });
    expect(listed).toEqual(
      pending.map((call) => ({
        ...call,
        runId,
        tenant: "test",
        agent: "assistant",
        task: "Go on.",
      })),
    );
    expect(await bench.world.client.approvals({ tenant: "nobody" })).toEqual([]);
    expect(await bench.world.client.show(runId)).toMatchObject({
      status: "waiting",
      waiting: { reason: "approval", message: expect.stringContaining("2 calls") },
    });
    for (const call of pending) await bench.world.client.decide(runId, denial(call));
    await bench.ended(runId);
    await until("none is listed", async () => {
      const calls = await bench.world.client.approvals();
      return calls.every((call) => call.runId !== runId);
    });
  }, 120_000);

  it("is not executed where it is denied, and the model is told why", async () => {
    const { runId, pending } = await asked([writeCall("notes.txt")]);
    const reason = "not on a Sunday";
    await bench.world.client.decide(runId, denial(pending[0], { reason }));
    const seen = await bench.ended(runId);
    expect(files.of(runId)).toEqual([]);
    expect(seen.result.toolCalls).toBe(0);
    expect(told(seen).answered).toEqual([
      expect.objectContaining({ isError: true, text: expect.stringContaining(reason) }),
    ]);
  }, 120_000);

  it("is executed with the arguments of the person who edits them, and the model is told", async () => {
    const { runId, pending } = await asked([writeCall("notes.txt")]);
    const editedInput = { path: "edited.txt", content: "bye" };
    const edit = approval(pending[0], { editedInput });
    expect(await bench.world.client.decide(runId, edit)).toMatchObject({ edited: true });
    const seen = await bench.ended(runId);
    expect(files.of(runId)).toEqual(["edited.txt"]);
    const [answer] = told(seen).answered;
    expect(answer).toMatchObject({ isError: false, text: expect.stringContaining("edited.txt") });
    expect(answer?.text).toContain("with other arguments");
    expectOnlyGrowth(seen.requests);
  }, 120_000);

  it.each([
    ["of the wrong type", { path: 1, content: "x" }],
    ["unknown", { path: "a.txt", content: "x", mode: "append" }],
    ["missing", { path: "a.txt" }],
  ])(
    "refuses an edit with an argument that is %s, and waits on",
    async (_, editedInput) => {
      const { runId, pending } = await asked([writeCall("notes.txt")]);
      const edit = approval(pending[0], { editedInput });
      await expect(bench.world.client.decide(runId, edit)).rejects.toMatchObject({
        code: "TOOL_INPUT_INVALID",
      });
      await bench.world.client.decide(runId, denial(pending[0]));
      await bench.ended(runId);
      expect(files.of(runId)).toEqual([]);
    },
    120_000,
  );
});

describe("calls side by side", () => {
  it("R3: are answered in the order of the model, whoever is approved first", async () => {
    const calls = [writeCall("a.txt"), sum, writeCall("b.txt"), writeCall("c.txt")];
    const { runId, pending } = await asked(calls, 3);
    const [a, b, c] = pending;
    await until("what needs nobody is done", () => bench.logged(runId, "tool_result").length === 1);
    await bench.world.client.decide(runId, approval(c!));
    await until("the third is written", () => files.of(runId).includes("c.txt"));
    await bench.world.client.decide(runId, denial(b!));
    await bench.world.client.decide(runId, approval(a));
    const seen = await bench.ended(runId);
    expect(files.of(runId)).toEqual(["a.txt", "c.txt"]);
    const { asked: ids, answered } = told(seen);
    expect(answered.map(({ id }) => id)).toEqual(ids);
    expect(answered.map(({ isError }) => isError)).toEqual([false, false, true, false]);
    expect(answered[1]?.text).toContain("42");
    expect(seen.result.toolCalls).toBe(3);
  }, 120_000);

  it("wait by the dozen without keeping others from their work", async () => {
    const many = Array.from({ length: 14 }, (_, n) => writeCall(`${n}.txt`));
    const { runId, pending } = await asked([...many, sum], 14);
    await until("what needs nobody is done", () => bench.logged(runId, "tool_result").length === 1);
    await Promise.all(pending.map((call) => bench.world.client.decide(runId, approval(call))));
    const { result } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 15 });
    expect(files.of(runId)).toHaveLength(14);
  }, 120_000);

  it("are asked about where the caller wants it, also those inside the workflow task", async () => {
    const runId = await start([[sum, sum]], { policy: { ask: ["calculator"] } });
    const [first, second] = await waitingCalls(bench.world.client, runId, 2);
    await bench.world.client.decide(runId, approval(second!));
    await bench.world.client.decide(runId, denial(first));
    const { answered } = told(await bench.ended(runId));
    expect(answered.map(({ isError }) => isError)).toEqual([true, false]);
    expect(answered[1]?.text).toContain("42");
  }, 120_000);
});

describe("J3: always", () => {
  it("approves the later calls of this tool in this run, and of no other", async () => {
    const order = { policy: { ask: ["calculator"] } };
    const calls = [[writeCall("a.txt")], [writeCall("b.txt"), sum], [writeCall("c.txt")]];
    const runId = await start(calls, order);
    const [first] = await waitingCalls(bench.world.client, runId);
    const always = approval(first, { always: true });
    expect(await bench.world.client.decide(runId, always)).toMatchObject({ always: true });
    const [second] = await until("the sum is asked about", async () => {
      const waiting = await waitingCalls(bench.world.client, runId);
      return waiting[0].tool === "calculator" && waiting;
    });
    await until("b.txt is written", () => files.of(runId).includes("b.txt"));
    await bench.world.client.decide(runId, approval(second));
    await bench.ended(runId);
    expect(files.of(runId)).toEqual(["a.txt", "b.txt", "c.txt"]);
  }, 120_000);
});

describe("a tool that is denied", () => {
  it("is not offered, and a model that calls it all the same is told so", async () => {
    const runId = await start([[writeCall("a.txt")]], { policy: { deny: ["write_file"] } });
    const seen = await bench.ended(runId);
    expect(JSON.stringify(seen.requests[0]?.body?.tools)).not.toContain("write_file");
    expect(told(seen).answered).toEqual([
      expect.objectContaining({
        isError: true,
        text: expect.stringContaining("denies write_file"),
      }),
    ]);
    expect(files.of(runId)).toEqual([]);
    await until("it is logged", () => bench.logged(runId, "tool_denied").length === 1);
  }, 120_000);

  it("that nobody knows ends the run at once: it must be a slip of the pen", async () => {
    const runId = await start([], { policy: { deny: ["write_fiel"] } });
    const { result } = await bench.ended(runId);
    expect(result.outcome).toMatchObject({ kind: "failed", code: "USAGE" });
  }, 120_000);
});
