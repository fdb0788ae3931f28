// A conversation that nears the cap on one request goes on from a summary of it, which is a charge of
// its own. `PAWL_LONG_TURNS=300` is the full length.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message } from "../../src/domain/message.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { createTranscripts } from "../../src/store/transcripts.ts";
import { replayHistories } from "../../src/worker/replay.ts";
import { headsOf } from "../support/history-size.ts";
import {
  blocksSent,
  openRunBench,
  PATIENT,
  microUsd,
  type RunBench,
} from "../support/run-bench.ts";
import type { ModelRequestSeen } from "../support/offline-model.ts";
import { until, type Process } from "../support/processes.ts";
import {
  asksForSummary,
  expectToPay,
  QUESTION,
  step,
  stepOf,
  SUM,
  summed,
  sumUps,
  TIGHT,
} from "../support/summaries.ts";

const TURNS = Number(process.env["PAWL_LONG_TURNS"] ?? "60");
const LONG_TEXT_BYTES = 6000;
const REQUEST_TOKENS = 50_000;
const LONG_TIMEOUT_MS = 120_000 + TURNS * 4000;
const GOES_ON = "Go on from your summary above";

let bench: RunBench;
let worker: Process;

beforeAll(async () => {
  bench = await openRunBench({
    workerMain: "test/support/tester-worker.mjs",
    chunkDelayMs: 0,
    env: {
      ...PATIENT,
      PAWL_RUN_CAP_USD: "1000",
      PAWL_TENANT_DAY_CAP_USD: "100000",
      PAWL_AGENT_MAX_CALLS: "1000",
      PAWL_AGENT_MAX_TOOL_CALLS: "1000",
      PAWL_AGENT_MAX_TOKENS: "1000000000",
      PAWL_AGENT_MAX_REQUEST_TOKENS: String(REQUEST_TOKENS),
      PAWL_HISTORY_MAX_EVENTS: "150",
    },
  });
  worker = bench.worker;
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

const goesOn = ({ body }: ModelRequestSeen): boolean =>
  JSON.stringify(body?.messages ?? []).includes(GOES_ON);
const choiceOf = ({ body }: ModelRequestSeen): unknown =>
  (body as { tool_choice?: unknown } | undefined)?.tool_choice;

/** Every reply is one charge, and all of them are what the provider billed. */
function expectOneChargeATurn(events: readonly RunEvent[], billedMicroUsd: number): void {
  const charges = events.flatMap((event) => (event.type === "reply.finished" ? [event] : []));
  const started = events.flatMap((event) => (event.type === "turn.started" ? [event.turn] : []));
  expect(charges.map(({ turn }) => turn)).toEqual(started);
  const sum = charges.reduce((all, { costUsd }) => all + microUsd(costUsd), 0);
  expect(sum).toBe(billedMicroUsd);
}

describe("a run that is longer than a request may be", () => {
  it(
    `R1: knows after ${TURNS} steps what it found in the first, for what its replies cost`,
    async () => {
      await bench.world.model.script([
        { ...summed, times: 100 },
        { reply: { planned: true } },
        { times: TURNS - 2, reply: stepOf(LONG_TEXT_BYTES) },
      ]);
      const runId = await bench.start("What is the population of Japan?", { agent: "tester" });
      const { result, requests, billedMicroUsd } = await bench.ended(runId);
      expect(result).toMatchObject({
        outcome: { kind: "answered" },
        answer: expect.stringContaining("124 million"),
      });
      expect(microUsd(result.costUsd)).toBe(billedMicroUsd);

      const events = await bench.events(runId);
      const turns = sumUps(events);
      expect(turns.length).toBeGreaterThanOrEqual(3);
      expect(result.turns).toBe(TURNS + turns.length);
      expectOneChargeATurn(events, billedMicroUsd);
      const searches = events.filter((e) => e.type === "tool.started" && e.tool === "web_search");
      expect(searches).toHaveLength(1);

      const bills = await bench.world.model.billing(runId);
      const largest = Math.max(
        ...bills.map(
          (bill) =>
            bill.inputTokens +
            bill.cacheReadTokens +
            bill.cacheWrite5mTokens +
            bill.cacheWrite1hTokens +
            bill.outputTokens,
        ),
      );
      expect(largest).toBeLessThanOrEqual(REQUEST_TOKENS);
      expect(requests.filter(asksForSummary).map(choiceOf)).not.toContainEqual({ type: "none" });

      await expectAllBranches(runId, result.turns);
      await expectToReplay(runId);
      process.stderr.write(
        `${result.turns} turns, ${turns.length} summaries, largest request ${largest} tokens, $${result.costUsd}\n`,
      );
    },
    LONG_TIMEOUT_MS,
  );
});

/** What the run went on from lies in the store beside what it went on with. */
async function expectAllBranches(runId: string, replies: number): Promise<void> {
  const { histories } = await bench.world.client.exportHistories(runId);
  const transcripts = createTranscripts(bench.world.db, 1_000_000);
  const heads = histories.flatMap(headsOf);
  expect(heads).toHaveLength(replies);
  for (const head of heads) expect(await transcripts.load(runId, head)).not.toBeNull();
}

async function expectToReplay(runId: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pawl-compaction-"));
  try {
    const file = join(folder, "histories.json");
    writeFileSync(file, JSON.stringify(await bench.world.client.exportHistories(runId)));
    const reports = await replayHistories([file]);
    expect(reports.map(({ error }) => error)).toEqual(reports.map(() => null));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("on its branch a run", () => {
  const order = { agent: "tester", limits: TIGHT };

  it("begins with the task, its summary and where that comes from, and keeps the open calls", async () => {
    const found = { name: "inline_text", input: { bytes: 600, of: "Found here. " } };
    await bench.world.model.script([
      { ...summed, times: 10 },
      { times: 5, reply: step },
      { match: { contains: GOES_ON }, reply: { text: "It is 42." } },
      { times: 20, reply: { ...step, toolCalls: [SUM, found] } },
    ]);
    const runId = await bench.start("Turn the ratchet.", order);
    const { result, requests } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "It is 42." });
    const first = requests.find(goesOn)!;
    const messages = first.body?.messages as readonly Message[];
    expect(messages.map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "user",
      "assistant",
      "user",
    ]);
    expect(messages[0]?.content).toEqual([{ type: "text", text: "Turn the ratchet." }]);
    expect(JSON.stringify(messages[2])).toMatch(/untrusted text from these tools: calculator/);
    const answers = messages[4]?.content.map(({ type }) => type) ?? [];
    expect(new Set(answers)).toEqual(new Set(["tool_result"]));
    expect(JSON.stringify(messages)).not.toContain('"thinking"');
    expect(JSON.stringify(messages)).not.toContain("follows after the summary");
    const before = requests[requests.indexOf(first) - 1]!;
    expect(asksForSummary(before)).toBe(true);
    expect(JSON.stringify(before.body?.messages)).toContain('"thinking"');
  });

  it("is told an answer that would not have fit in behind all that was before", async () => {
    const large = { name: "inline_text", input: { bytes: 12_000, of: "Long to read. " } };
    await bench.world.model.script([
      { ...summed, times: 10 },
      { times: 3, reply: step },
      { reply: { text: "Now a long one.", toolCalls: [large] } },
      { reply: { text: "Read it." } },
    ]);
    const runId = await bench.start("Turn the ratchet.", order);
    const { result, requests, billedMicroUsd } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Read it.", turns: 6 });
    const blocks = blocksSent(requests.at(-1)!);
    expect(blocks.at(-1)?.block).toMatchObject({ type: "tool_result" });
    expect(JSON.stringify(blocks.at(-1)).length).toBeGreaterThan(12_000);
    const events = await bench.events(runId);
    expect(sumUps(events)).toEqual([5]);
    expectToPay(events, billedMicroUsd);
  });

  it("goes on by the same words where its transcript is lost", async () => {
    // The reply on hold is lost with the worker.
    const script = (hold: boolean): readonly object[] => [
      { ...summed, times: 10 },
      { times: 9, reply: step },
      ...(hold ? [{ hold, reply: step }] : []),
      { times: 10, reply: step },
      { reply: { text: "Done." } },
    ];
    await bench.world.model.script(script(false));
    const plain = await bench.run("Turn the ratchet.", order);
    await bench.world.model.script(script(true));
    const runId = await bench.start("Turn the ratchet.", order);
    await until("a reply behind a summary is on hold", async () =>
      (await bench.world.model.requests()).some(
        (request) => request.runKey === runId && request.state === "held" && goesOn(request),
      ),
    );
    await worker.kill();
    await bench.world.db`truncate pawl.message, pawl.link`;
    await bench.world.model.release();
    worker = await bench.world.startWorker();
    const lost = await bench.ended(runId);
    expect(worker.lines.filter((line) => line.includes("transcript_rebuilt"))).toHaveLength(1);
    expect(lost.result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
    expect(told(lost.requests.at(-1)!)).toBe(told(plain.requests.at(-1)!));
    expect(plain.requests.filter(asksForSummary).length).toBeGreaterThanOrEqual(2);
    await expectAllBranches(runId, lost.result.turns);
  });
});

describe("a worker that dies while a summary is written", () => {
  it("costs the price of a lost try, and the run sums up once more", async () => {
    await bench.world.model.script([
      { hold: true, ...summed },
      { ...summed, times: 10 },
      { times: 10, reply: step },
      { reply: { text: "Done." } },
    ]);
    const runId = await bench.start("Turn the ratchet.", { agent: "tester", limits: TIGHT });
    await until("the summary is on hold", async () =>
      (await bench.world.model.requests()).some(
        (request) => request.runKey === runId && request.state === "held",
      ),
    );
    await worker.kill();
    await bench.world.model.release();
    worker = await bench.world.startWorker();
    const { result, billedMicroUsd } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
    expect(result.crashTaxUsd).toBeGreaterThan(0);
    expect(microUsd(result.costUsd)).toBeGreaterThanOrEqual(billedMicroUsd);
    const turns = sumUps(await bench.events(runId));
    expect(new Set(turns).size).toBe(turns.length);
    expect(result.turns).toBe(11 + turns.length);
    await expectAllBranches(runId, result.turns);
  });
});

/** Ids of calls are different in each run, and so are signatures, which are bound to them. */
function told({ body }: ModelRequestSeen): string {
  const ids = new Map<string, string>();
  const said = JSON.stringify(body?.messages).replaceAll(/"signature":"[^"]*"/g, "");
  return said.replaceAll(/toolu_\w+/g, (id) => {
    if (!ids.has(id)) ids.set(id, `call ${ids.size + 1}`);
    return ids.get(id) ?? "";
  });
}

describe("what people say to a run that sums up", () => {
  it("is heard behind the summary, and kept word for word in the next", async () => {
    const by = "tester";
    await bench.world.model.script([
      { hold: true, match: { contains: QUESTION }, reply: { planned: true } },
      { ...summed, times: 10 },
      { times: 20, reply: step },
      { reply: { text: "Done." } },
    ]);
    const runId = await bench.start("Turn the ratchet.", { agent: "tester", limits: TIGHT });
    const held = await until("the summary is on hold", async () => {
      const seen = (await bench.world.model.requests()).filter(({ runKey }) => runKey === runId);
      return seen.at(-1)?.state === "held" && seen.length;
    });
    await bench.world.client.say(runId, { text: "Only even teeth.", by, mode: "interrupt" });
    await bench.world.model.release();
    const { requests, result, billedMicroUsd } = await bench.ended(runId);
    expect(result.outcome.kind).toBe("answered");
    expect(microUsd(result.costUsd)).toBe(billedMicroUsd);
    expect(JSON.stringify(requests[held - 1]?.body)).not.toContain("Only even teeth.");
    expect(blocksSent(requests[held]!).at(-1)).toMatchObject({
      role: "user",
      block: { type: "text", text: "Only even teeth." },
    });
    expect(requests.filter(asksForSummary).length).toBeGreaterThanOrEqual(2);
    const last = blocksSent(requests.at(-1)!).map(({ block }) => JSON.stringify(block));
    expect(last.filter((block) => block.includes("Only even teeth."))).toEqual([
      expect.stringContaining("Said by the user since then, word for word:"),
    ]);
  });
});

describe("a summary that is none", () => {
  const run = async (...tries: readonly object[]) => {
    const asked = tries.map((reply) => ({ match: { contains: QUESTION }, reply }));
    await bench.world.model.script([...asked, { times: 100, reply: step }]);
    const runId = await bench.start("Turn the ratchet.", {
      agent: "tester",
      limits: { ...TIGHT, modelCalls: 20 },
    });
    const seen = await bench.ended(runId);
    const summaries = seen.requests.filter(asksForSummary);
    expectToPay(await bench.events(runId), seen.billedMicroUsd);
    return { ...seen, summaries };
  };

  it.each<[string, object, string]>([
    ["is empty", {}, "the summary was empty (end_turn)"],
    ["is refused", { stopReason: "refusal" }, "the summary was empty (refusal)"],
    ["is a tool call", { text: "I'd rather work.", toolCalls: [SUM] }, "called a tool instead"],
    ["ends as none should", { text: "So", stopReason: "odd" }, "the summary ended with odd"],
  ])("and %s twice is given up, and the run says so where it stops", async (_, reply, why) => {
    const { result, summaries } = await run(reply, reply);
    expect(summaries.map(choiceOf)).toEqual([undefined, { type: "none" }]);
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "request_tokens" });
    expect((result.outcome as { message: string }).message).toContain(why);
    expect(result.answer).toMatch(/^A tooth at a time/);
  });

  it("is asked for once more, and then the run goes on", async () => {
    const good = { text: "All came to 42." };
    const { result, summaries, requests } = await run({}, good, good, good, good, good);
    expect(summaries.length).toBeGreaterThanOrEqual(3);
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "model_calls" });
    expect(JSON.stringify(requests.at(-1)?.body)).toContain("All came to 42.");
  });

  it("that is cut twice is used, and says that it was cut", async () => {
    const long = { text: "Too much to say. ".repeat(400) };
    const { result, requests, summaries } = await run(...Array.from({ length: 8 }, () => long));
    expect(summaries.map(choiceOf)).not.toContainEqual({ type: "none" });
    const words = summaries.map(
      ({ body }) => /at most (\d+) words/.exec(JSON.stringify(body))?.[1],
    );
    expect(words.slice(0, 2)).toEqual(["128", "64"]);
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "model_calls" });
    expect(JSON.stringify(requests.find(goesOn)?.body)).toContain("It was cut at its end.");
  });
});

describe("a run whose operator turned summaries off", () => {
  it("stops where no request can hold its conversation, as before", async () => {
    await worker.stop();
    worker = await bench.world.startWorker({ PAWL_COMPACTION: "0" });
    await bench.world.model.script([{ times: 100, reply: step }]);
    const { result, requests } = await bench.run("Turn the ratchet.", { limits: TIGHT });
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "request_tokens" });
    expect(requests.filter(asksForSummary)).toEqual([]);
  });
});
