// A person's word on a tool call: asked, waited for, decided once, and bound to what was asked.

import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Decision, PendingApproval } from "../../src/domain/approval.ts";
import { lastAnswers, openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

let bench: RunBench;
let files: string;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), "pawl-files-"));
  bench = await openRunBench({ env: { ...PATIENT, PAWL_FILES_DIR: files } });
}, 180_000);
afterAll(async () => {
  await bench?.close();
  await rm(files, { recursive: true, force: true });
});
beforeEach(() => bench.world.model.reset());

const write = (path: string, content = "hello"): object => ({
  name: "write_file",
  input: { path, content },
});
const done = { reply: { text: "Done." } };

async function waiting(runId: string, calls = 1): Promise<readonly PendingApproval[]> {
  return await until("calls wait", async () => {
    const shown = await bench.world.client.show(runId);
    return shown.kind === "open" && shown.approvals.length === calls && shown.approvals;
  });
}

async function asked(toolCalls: readonly object[], calls = toolCalls.length) {
  await bench.world.model.script([{ reply: { toolCalls } }, done]);
  const runId = await bench.start("Go on.");
  return { runId, pending: await waiting(runId, calls) };
}

function approve(pending: PendingApproval, more: Partial<Decision> = {}): Decision {
  const { callId, argsDigest } = pending;
  return { callId, argsDigest, verdict: "approve", by: "tester", ...more };
}

function written(runId: string): readonly string[] {
  const folders = [join(files, "test", runId)];
  return folders.flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
}

describe("a call that is asked about", () => {
  it("A3: waits, and is executed once a person approves", async () => {
    const { runId, pending } = await asked([write("notes.txt")]);
    expect(pending[0]).toMatchObject({ tool: "write_file", turn: 1 });
    expect(written(runId)).toEqual([]);
    const decided = await bench.world.client.decide(
      runId,
      approve(pending[0]!, { reason: "fine" }),
    );
    expect(decided).toMatchObject({ verdict: "approved", by: "tester", reason: "fine" });
    const { result } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 1 });
    expect(await readFile(join(files, "test", runId, "notes.txt"), "utf8")).toBe("hello");
    const events = await bench.events(runId);
    expect(events.map(({ type }) => type).filter((type) => type !== "reply.delta")).toEqual([
      "run.started",
      "turn.started",
      "reply.finished",
      "approval.requested",
      "run.waiting",
      "approval.decided",
      "run.continued",
      "tool.started",
      "tool.finished",
      "turn.started",
      "reply.finished",
      "run.ended",
    ]);
    expect(events.find(({ type }) => type === "approval.requested")).toMatchObject({
      input: { path: "notes.txt", content: "hello" },
      argsDigest: pending[0]!.argsDigest,
    });
  }, 120_000);

  it("A1, A2: is not executed where it is denied, and the model is told why", async () => {
    const { runId, pending } = await asked([write("notes.txt")]);
    await bench.world.client.decide(
      runId,
      approve(pending[0]!, { verdict: "deny", reason: "not on a Sunday" }),
    );
    const { requests } = await bench.ended(runId);
    expect(written(runId)).toEqual([]);
    const { answered } = lastAnswers(requests[1]!);
    expect(answered).toEqual([
      expect.objectContaining({ isError: true, text: expect.stringContaining("not on a Sunday") }),
    ]);
  }, 120_000);
});
