// A small model on servers as people have them: llama.cpp's, and LiteLLM's proxy before it by both of its roads.
// Pawl's own worker asks them under its own timers: what is free costs nothing, and what such servers lack, refuse or
// do slowly ends no run.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { packageFile } from "../../src/package-root.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { runPawl } from "../support/cli-process.ts";
import { QWEN, QWEN_SMALL } from "../support/find-llama.ts";
import {
  PROXY_KEY,
  proxiedName,
  ROADS,
  startLitellm,
  startLlama,
  type ModelServer,
  type Road,
} from "../support/model-servers.ts";
import { openOwnModelWorld, type OwnModelWorld } from "../support/own-model-world.ts";
import { BUILD_TIMEOUT_MS } from "../support/small-models.ts";

jest.setTimeout(30 * 60_000);

const WIDE = "qwen-wide";
const NARROW = "qwen-narrow";
const SLOW = "qwen-slow";
const WINDOW_TOKENS = 4096;
const WINDOWS = { [WIDE]: 16_384, [NARROW]: WINDOW_TOKENS, [SLOW]: 32_768 } as const;
type Name = keyof typeof WINDOWS;

const READ_MS = 90_000;
/** A machine that is busy for a moment while its speed is measured. */
const MARGIN = 1.2;

/** Coders of this size write calls into fences of code, whatever their own template asks for (docs/models.md). */
const CALLS_IN_FENCES = ["--chat-template-file", packageFile("test/models-real/qwen-coder.jinja")];

const servers = new Map<Name, ModelServer>();
let proxy: ModelServer | undefined;

beforeAll(async () => {
  for (const alias of [WIDE, NARROW, SLOW] as const) {
    const contextTokens = WINDOWS[alias];
    const flags = [...CALLS_IN_FENCES, ...(alias === SLOW ? ["--threads", "1"] : [])];
    const model = alias === NARROW ? QWEN_SMALL : QWEN;
    servers.set(alias, await startLlama({ model, alias, contextTokens, flags }));
  }
  const models = [...servers].map(([name, server]) => ({ name, server }));
  proxy = await startLitellm(
    ROADS.flatMap((road) => models.map(({ name, server }) => ({ name, road, server }))),
  );
}, BUILD_TIMEOUT_MS);
afterAll(async () => {
  for (const server of [proxy, ...servers.values()]) await server?.stop();
});

interface Way {
  readonly way: string;
  /** Null where nothing stands before the server. */
  readonly road: Road | null;
}

const WAYS: readonly Way[] = [
  { way: "llama.cpp's server", road: null },
  { way: "LiteLLM's proxy, by Anthropic's API", road: "anthropic" },
  { way: "LiteLLM's proxy, by OpenAI's API", road: "openai" },
];

describe.each(WAYS)("behind $way", ({ way, road }) => {
  let world: OwnModelWorld | undefined;
  afterEach(async () => {
    await world?.close();
    world = undefined;
  });

  const nameOf = (alias: Name): string => (road === null ? alias : proxiedName(road, alias));
  /** `contextTokens`: as the file says, which may be wrong. */
  const worldOf = async (alias: Name, contextTokens: number = WINDOWS[alias]) => {
    const server = road === null ? servers.get(alias) : proxy;
    const key = road === null ? undefined : PROXY_KEY;
    world = await openOwnModelWorld({
      url: server?.url ?? "",
      key,
      name: nameOf(alias),
      contextTokens,
    });
    return world;
  };

  test("a free model answers with a tool: nothing is held, feared or paid, and its tokens are counted", async () => {
    const { run, totals } = await worldOf(WIDE);
    const { result, events } = await run({ task: SUM });
    expect(result).toMatchObject({
      outcome: { kind: "answered" },
      answer: expect.stringMatching(/397[.,]8/),
    });
    const finished = events.filter((event) => event.type === "tool.finished");
    expect(finished).toContainEqual(
      expect.objectContaining({ tool: "calculator", isError: false }),
    );
    expect(result).toMatchObject(FREE);
    expect(result.usage.outputTokens).toBeGreaterThan(0);
    expect(result.usage.estimated).toBeUndefined();
    expect(await totals(result.runId)).toMatchObject(NOTHING);
  });

  test(`a conversation that outgrows ${WINDOW_TOKENS} tokens is summed up in time, and goes on`, async () => {
    const { run, totals } = await worldOf(NARROW);
    const { result, events } = await run({ task: FIRST, limits: SHORT }, CHAPTERS);
    expect(summaries(events)).toBeGreaterThanOrEqual(1);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, ...FREE });
    expect(await totals(result.runId)).toMatchObject(NOTHING);
  });

  test("a window that its file puts too large is believed of the server, and the run goes on", async () => {
    const { run, totals } = await worldOf(NARROW, WINDOWS[WIDE]);
    const { result, events } = await run({ task: FIRST, limits: SHORT }, CHAPTERS);
    expect(summaries(events)).toBeGreaterThanOrEqual(1);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, ...FREE });
    expect(await totals(result.runId)).toMatchObject(NOTHING);
  });

  test(`a prompt that takes ${READ_MS / 1000} s to read is answered at the first attempt`, async () => {
    const { run, totals } = await worldOf(SLOW);
    const server = servers.get(SLOW);
    const tokens = await tokensReadIn(READ_MS * MARGIN, server);
    const letter = story(way, Math.ceil(tokens / SENTENCE_TOKENS));
    const before = server?.lines.length ?? 0;
    const { result, events } = await run({
      // A question would tempt a model of this size to call tools, again and again.
      task: `This is a letter. Answer it with the one word: Noted\n\n${letter}\n\nNow answer with the one word: Noted`,
      limits: SHORT,
    });
    expect(events.filter(({ type }) => type === "model.retrying")).toEqual([]);
    expect(result).toMatchObject({
      outcome: { kind: "answered" },
      modelAttempts: result.modelCalls,
      ...FREE,
    });
    expect(longestReadingMs(server?.lines.slice(before) ?? [])).toBeGreaterThan(READ_MS);
    expect(await totals(result.runId)).toMatchObject(NOTHING);
  });

  test("doctor says that it is reached, and which tiers it has", async () => {
    const { env } = await worldOf(WIDE);
    const { stdout } = await runPawl(["doctor"], env);
    expect(stdout).toMatch(/✓ model: http:/);
    expect(stdout).toMatch(new RegExp(`✓ tiers: simple \\(${nameOf(WIDE)}\\), medium .*complex`));
  });
});

const SUM = "Use the calculator to work out 0.17 * 2340, and then tell me the result.";

/** Of a run that paid for no attempt, and lost none. */
const FREE = { free: true, costUsd: 0, crashTaxUsd: 0 } as const;
const NOTHING = { spentMicroUsd: 0, fearedMicroUsd: 0, heldMicroUsd: 0 } as const;

/** What is read is long, what is written need not be. */
const SHORT = { replyTokens: 128 };
const FIRST = "I will tell you a story in chapters. Answer each of them with the one word: Noted";
const CHAPTERS = ["Ada", "Ben", "Cleo", "Dan", "Eve", "Finn"].map(
  (name, index) => `Chapter ${index + 1}. ${story(name, 40)}`,
);

const SENTENCE_TOKENS = 14;

function story(name: string, sentences: number): string {
  const told = (index: number): string =>
    `On day ${index} ${name} found ${index * 3} shells at the sea.`;
  return Array.from({ length: sentences }, (_, index) => told(index + 1)).join(" ");
}

/**
 * By reading more and more until it takes half of that: each token is read against all before it, so the rest is no
 * faster. A machine that is busy meanwhile makes it much longer: this test wants one of its own.
 */
async function tokensReadIn(ms: number, server: ModelServer | undefined): Promise<number> {
  for (let sentences = 60; longest === undefined; sentences *= 2) {
    const reading = await readingOf(server, sentences);
    if (reading.ms >= ms / 2) longest = reading;
  }
  return Math.ceil(longest.tokens * Math.max(1, ms / longest.ms));
}

interface Reading {
  readonly tokens: number;
  readonly ms: number;
}
/** By the one server that all ways lead to. */
let longest: Reading | undefined;

async function readingOf(server: ModelServer | undefined, sentences: number): Promise<Reading> {
  const prompt = story("Nobody", sentences);
  const body = JSON.stringify({ prompt, n_predict: 1, cache_prompt: false });
  const answered = await fetch(`${server?.url}/completion`, { method: "POST", body });
  const { timings } = (await answered.json()) as {
    timings: { prompt_n: number; prompt_ms: number };
  };
  return { tokens: timings.prompt_n, ms: timings.prompt_ms };
}

/** As its log has it: "prompt eval time =   98765.43 ms /  2340 tokens". */
function longestReadingMs(lines: readonly string[]): number {
  const read = lines.map((line) => /prompt eval time =\s*([\d.]+) ms/.exec(line)?.[1] ?? "0");
  return Math.max(0, ...read.map(Number));
}

function summaries(events: readonly RunEvent[]): number {
  return events.filter((event) => event.type === "turn.started" && event.purpose === "summary")
    .length;
}
