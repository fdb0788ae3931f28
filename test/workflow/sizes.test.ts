// Tool results, replies and tasks of every size and kind: whatever comes, the run ends, the worker
// lives, and no workflow task fails (a failed one is retried for ever).

import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { RunOrder } from "../../src/client/run-order.ts";
import type { RunResult } from "../../src/domain/outcome.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { failedTasksOf } from "../support/history-size.ts";
import type { Process } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

const KIB = 1024;
const TEXT_BYTES_MAX = 64 * KIB;
const TIMEOUT_MS = 120_000;

let world: World;
let worker: Process;

beforeAll(async () => {
  world = await openWorld({
    workerMain: "test/support/tester-worker.mjs",
    chunkDelayMs: 0,
    env: {
      PAWL_RUN_CAP_USD: "1000",
      PAWL_TENANT_DAY_CAP_USD: "100000",
      PAWL_AGENT_MAX_TOKENS: "1000000000",
      PAWL_AGENT_MAX_REQUEST_TOKENS: "900000",
      PAWL_AGENT_MAX_REPLY_TOKENS: "128000",
      PAWL_CALL_TIMEOUT_MS: "60000",
      PAWL_FIRST_BYTE_TIMEOUT_MS: "30000",
      PAWL_IDLE_TIMEOUT_MS: "30000",
      PAWL_PROGRESS_TIMEOUT_MS: "30000",
      PAWL_HEARTBEAT_TIMEOUT_MS: "20000",
      PAWL_TOOL_TIMEOUT_MS: "60000",
      PAWL_INPUT_MAX_CHARS: "1000000",
    },
  });
  worker = await world.startWorker();
}, TIMEOUT_MS);
afterAll(() => world?.close());
beforeEach(() => world.model.reset());

interface Ended {
  readonly runId: string;
  readonly result: RunResult;
  /** What the tools answered, in order. */
  readonly answers: readonly { readonly content: string; readonly is_error?: boolean }[];
}

interface Call {
  readonly name: string;
  readonly input: object;
}

const call = (name: string, input: object): Call => ({ name, input });
const calling = (...toolCalls: Call[]): object => ({ reply: { toolCalls } });
const saying = (text: string, rest: object = {}): object => ({ reply: { text, ...rest } });

/** Runs the script to its end, and sees that everything around the run is well. */
async function run(script: readonly object[], order: Partial<RunOrder> = {}): Promise<Ended> {
  await world.model.script(script);
  const { runId } = await world.client.start({
    task: "Do as the script says.",
    agent: "tester",
    tenant: "sizes",
    session: "sizes",
    ...order,
  });
  const result = await world.client.result(runId, AbortSignal.timeout(60_000));
  const { histories } = await world.client.exportHistories(runId);
  expect(histories.flatMap(failedTasksOf)).toEqual([]);
  const executed = worker.lines.filter(
    (line) => line.includes(runId) && /"event":"tool_(call|retry)"/.test(line),
  );
  expect(executed).toHaveLength(result.toolCalls);
  return { runId, result, answers: await answersTold(runId) };
}

async function toEnd(watched: AsyncIterable<RunEvent>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of watched) events.push(event);
  return events;
}

async function answersTold(runId: string): Promise<Ended["answers"]> {
  const requests = await world.model.requests();
  const last = requests.findLast(({ runKey }) => runKey === runId);
  const messages = (last?.body?.messages ?? []) as { content: { type: string }[] | string }[];
  const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  return blocks.filter(({ type }) => type === "tool_result") as unknown as Ended["answers"];
}

const ANSWERED = { outcome: { kind: "answered" }, answer: "Done." };

describe("a tool result", () => {
  it.each([
    ["1 byte", 1],
    ["64 KiB", 64 * KIB],
  ])("of %s reaches the model whole", async (_, bytes) => {
    const { result, answers } = await run([calling(call("text", { bytes })), saying("Done.")]);
    expect(result).toMatchObject(ANSWERED);
    expect(answers.map(({ content }) => content.length)).toEqual([bytes]);
  });

  it.each([
    ["64 KiB and 1 byte", 64 * KIB + 1],
    ["3 MB", 3_000_000],
    ["50 MB", 50_000_000],
  ])(
    "of %s is cut to 64 KiB, says how to read on, and can be read on",
    async (_, bytes) => {
      const kept = Math.min(bytes, 8 * KIB * KIB);
      const line = "Each tooth that the pawl has passed stays passed. ";
      const text = line.repeat(Math.ceil(kept / line.length)).slice(0, kept);
      const id = createHash("sha256").update(text, "utf16le").digest("base64url");
      const { result, answers } = await run([
        calling(call("text", { bytes })),
        calling(call("read_result", { id, offset: kept - 100 })),
        saying("Done."),
      ]);
      expect(result).toMatchObject(ANSWERED);
      const [cut, rest] = answers.map(({ content }) => content);
      expect(Buffer.byteLength(cut ?? "")).toBeLessThanOrEqual(TEXT_BYTES_MAX);
      expect(cut?.slice(-200)).toContain(
        `${bytes} bytes in all; read_result {"id":"${id}","offset":`,
      );
      expect(rest?.startsWith(text.slice(-100))).toBe(true);
    },
    TIMEOUT_MS,
  );

  it.each([
    ["lone surrogates", "lone_surrogates", /high .{1,8} and low .{1,8} and both \u{1F600} end/u],
    ["NUL", "nul", /before\\u0000after/],
    ["NUL in JSON", "nul_in_json", /a\\+u0000b/],
    ["JSON 100,000 levels deep", "deep_json", /deeper/],
    ["text that is JSON 100,000 levels deep", "deep_json_text", /\[\[\[\[/],
    ["a value that holds itself", "circle", /itself/],
  ])("with %s is told in characters that can be read", async (_, kind, told) => {
    const { result, answers } = await run([calling(call("oddity", { kind })), saying("Done.")]);
    expect(result).toMatchObject(ANSWERED);
    const [content = ""] = answers.map((answer) => answer.content);
    expect(content).toMatch(told);
    expect(content.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(TEXT_BYTES_MAX);
  });

  it(
    "of 64 KiB is followed by 79 others: more than the model takes, and than gRPC takes in a message",
    async () => {
      const calls = Array.from({ length: 80 }, () => call("text", { bytes: 64 * KIB }));
      const { runId, result } = await run([calling(...calls), saying("Done.")]);
      expect(result).toMatchObject({ outcome: { kind: "stopped" }, toolCalls: 80 });
      expect(await world.client.show(runId)).toMatchObject({ kind: "ended", result });
      const events = await toEnd(world.client.watch(runId));
      expect(events.filter(({ type }) => type === "tool.finished")).toHaveLength(80);
      expect(events.at(-1)).toMatchObject({ type: "run.ended", result });
    },
    TIMEOUT_MS,
  );

  it.each(["text", "inline_text"])(
    "fits beside 39 others of 64 KiB, all from %s",
    async (name) => {
      const calls = Array.from({ length: 40 }, () => call(name, { bytes: 64 * KIB }));
      const { result, answers } = await run([calling(...calls), saying("Done.")]);
      expect(result).toMatchObject(ANSWERED);
      expect(answers.map(({ content }) => content.length)).toEqual(calls.map(() => 64 * KIB));
    },
    TIMEOUT_MS,
  );
});

describe("a reply", () => {
  /** One byte for the model, six in JSON. */
  const bulky = (chars: number): string => "\u0001".repeat(chars);

  it("that would not fit into history ends the run with REPLY_TOO_LARGE, charged once", async () => {
    const { result } = await run([saying(bulky(300_000), { chunkChars: 10_000 })]);
    expect(result.outcome).toMatchObject({ kind: "failed", code: "REPLY_TOO_LARGE" });
    expect(result.modelAttempts).toBe(1);
  });

  it(
    "that goes on over three others gives an answer that fits into the result",
    async () => {
      const part = saying(bulky(200_000), { stopReason: "max_tokens", chunkChars: 10_000 });
      const { result } = await run([part, part, part, saying("Done.", {})]);
      expect(result.outcome).toMatchObject({ kind: "answered" });
      expect(result.answer?.length).toBeGreaterThan(70_000);
    },
    TIMEOUT_MS,
  );
});

describe("a task", () => {
  const start = (task: string) => world.client.start({ task, tenant: "sizes", session: "sizes" });

  it("of 512 KiB is worked on", async () => {
    const { result } = await run([saying("Done.")], { task: "x".repeat(512 * KIB) });
    expect(result).toMatchObject(ANSWERED);
  });

  it("of 512 KiB and 1 byte is refused before anything has happened", async () => {
    await expect(start("x".repeat(512 * KIB + 1))).rejects.toMatchObject({
      code: "TASK_TOO_LARGE",
    });
  });
});
