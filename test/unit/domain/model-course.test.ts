import { describe, expect, test } from "@jest/globals";
import { MODELS } from "../../../src/domain/prices.ts";
import { priceOn } from "../../../src/domain/pricing.ts";
import { callCourse, isStandIn, passOver, type Unfit } from "../../../src/domain/model-course.ts";
import type { CallCourse, Denial, Reply, WhyDenied } from "../../../src/domain/call.ts";
import { openingState, takeReply, type RunState } from "../../../src/domain/run-state.ts";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import { aReply, aSnapshot } from "../../support/replies.ts";

const SONNET = "claude-sonnet-5-5";
const OPUS = "claude-opus-5-5";
const HAIKU = "claude-haiku-5-5";
const NOW_MS = Date.parse("2026-11-21T12:00:00Z");
const MINUTE_MS = 60_000;

const priceOf = (model: string) => priceOn(MODELS[model]!, "2026-11-21");

function opened(chain: readonly string[] = [OPUS, HAIKU]): RunState {
  const prices = Object.fromEntries([SONNET, OPUS, HAIKU].map((name) => [name, priceOf(name)]));
  const fallbacks = { chains: { [SONNET]: chain }, attemptsMax: 3, prices };
  return openingState({ snapshot: aSnapshot({ fallbacks }), head: "h0", taskRef: "t" }, NOW_MS);
}

function call(state: RunState, atMs = NOW_MS): CallCourse {
  return callCourse(state, { nowMs: atMs, sumsUp: false });
}

const inMs = (ms: number): string => new Date(NOW_MS + ms).toISOString();
const denied = (why: WhyDenied): Denial => ({
  kind: "denied",
  ...why,
  message: "it is away",
  at: inMs(0),
  crashTaxMicroUsd: 0,
});
const down = (forMs = 3000) => denied({ why: "down", notBefore: inMs(forMs) });
const spent = denied({ why: "cap", limit: "cost", resetsAt: null });
const unfit: Unfit = { kind: "denied", why: "unfit", message: "it is away", crashTaxMicroUsd: 0 };
const refusal = (): Reply => aReply({ stopReason: "refusal", text: "I can begin" });

describe("while a model takes no calls", () => {
  test("the next of its chain is asked at once, with the reason, and once is enough", () => {
    const state = opened();
    expect(call(state)).toEqual({ model: SONNET, wanted: SONNET, why: "", attemptsMax: 3 });
    expect(passOver(state, down(), NOW_MS)).toBeLessThanOrEqual(NOW_MS);
    expect(call(state)).toEqual({
      model: OPUS,
      wanted: SONNET,
      why: "",
      attemptsMax: 3,
      change: { from: SONNET, reason: "down", message: "it is away" },
      weighedBy: SONNET,
    });
    expect(isStandIn(state)).toBe(true);
    expect(call(state).change).toBeUndefined();
  });

  test("and where all are away, the run waits for the first that may be asked", () => {
    const state = opened();
    call(state);
    passOver(state, down(3000), NOW_MS);
    call(state);
    passOver(state, down(5000), NOW_MS);
    expect(call(state)).toMatchObject({ model: HAIKU, attemptsMax: 3 });
    expect(passOver(state, down(9000), NOW_MS)).toBe(NOW_MS + 3000);
    expect(call(state, NOW_MS + 3000)).toMatchObject({ model: SONNET, change: { from: HAIKU } });
  });

  test("a rate limit is waited out: it says nothing of another model", () => {
    const limited = denied({ why: "rate_limited", notBefore: inMs(3000) });
    const state = opened();
    call(state);
    expect(passOver(state, limited, NOW_MS)).toBeNull();
    expect(call(state).model).toBe(SONNET);
  });

  test("a run without stand-ins waits, as ever", () => {
    const state = openingState({ snapshot: aSnapshot(), head: "h0", taskRef: "t" }, NOW_MS);
    expect(passOver(state, down(), NOW_MS)).toBeNull();
    expect(call(state)).toEqual({ model: SONNET, wanted: SONNET, why: "" });
  });
});

describe("F3: a stand-in that can't serve the run is passed over", () => {
  test.each<[string, Denial | Unfit]>([
    ["too dear", spent],
    ["its window is too small", denied({ why: "size", limit: "request_tokens" })],
    ["it takes the request for wrong", unfit],
  ])("%s", (_, denial) => {
    const state = opened([OPUS]);
    call(state);
    passOver(state, down(3000), NOW_MS);
    expect(call(state).model).toBe(OPUS);
    expect(passOver(state, denial, NOW_MS)).toBe(NOW_MS + 3000);
    const last = call(state, NOW_MS + 3000);
    expect(last.model).toBe(SONNET);
    expect(last.attemptsMax).toBeUndefined();
    passOver(state, down(7000), NOW_MS + 3000);
    expect(call(state, NOW_MS + 3001).model).toBe(SONNET);
  });

  test("what the wanted model is denied ends the run as before", () => {
    const state = opened();
    call(state);
    expect(passOver(state, spent, NOW_MS)).toBeNull();
  });

  test("so do the run's own tokens, whoever is asked", () => {
    const state = opened();
    call(state);
    passOver(state, down(), NOW_MS);
    call(state);
    expect(passOver(state, denied({ why: "size", limit: "tokens" }), NOW_MS)).toBeNull();
  });
});

describe("F2: a refusal that another model is asked about", () => {
  test("is counted and paid, and no part of the conversation", () => {
    const state = opened();
    call(state);
    takeReply(state, { ...refusal(), costMicroUsd: 70, head: "h_refused" });
    expect(state).toMatchObject({ head: "h0", headTokens: 0, answer: null, modelCalls: 1 });
    expect(state).toMatchObject({ spentMicroUsd: 70, entries: [{ ref: "t" }] });
    expect(call(state)).toMatchObject({ model: OPUS, change: { from: SONNET, reason: "refused" } });
  });

  test("is not asked again, however long the run lasts", () => {
    const state = opened();
    call(state);
    takeReply(state, refusal());
    call(state);
    for (let turn = 1; turn < 5; turn += 1) {
      takeReply(state, aReply({ model: OPUS, costMicroUsd: 100_000 }));
      expect(call(state, NOW_MS + turn * 1000 * MINUTE_MS).model).toBe(OPUS);
    }
  });

  test("is the end where nobody is left to ask", () => {
    const state = opened([OPUS]);
    call(state);
    takeReply(state, refusal());
    call(state);
    takeReply(state, { ...refusal(), head: "h_refused" });
    expect(state.head).toBe("h_refused");
  });
});

describe("F1: a run stays with its model", () => {
  test("where a reply is nothing but thinking", () => {
    const state = opened();
    call(state);
    const thought = { type: "thinking", thinking: "…", signature: "s" };
    takeReply(state, { ...aReply(), message: { role: "assistant", content: [thought] } });
    expect(call(state)).toEqual({ model: SONNET, wanted: SONNET, why: "" });
    expect(passOver(state, down(4000), NOW_MS)).toBe(NOW_MS + 4000);
    expect(call(state).model).toBe(SONNET);
    takeReply(state, { ...refusal(), head: "h_refused" });
    expect(state.head).toBe("h_refused");
  });

  test("while the provider wants its turn back", () => {
    const state = opened();
    call(state);
    takeReply(state, aReply({ stopReason: "pause_turn" }));
    state.stumble = { over: "provider_pause", times: 1 };
    expect(passOver(state, down(4000), NOW_MS)).toBe(NOW_MS + 4000);
    state.stumble = null;
    expect(call(state).model).toBe(OPUS);
  });
});

describe("the way back", () => {
  const away = (chain: readonly string[]): RunState => {
    const state = opened(chain);
    call(state);
    takeReply(state, aReply());
    passOver(state, down(), NOW_MS);
    call(state);
    return state;
  };
  const replyOf = (model: string, promptTokens: number): Reply => {
    const usage = { ...NO_USAGE, cacheReadTokens: promptTokens, outputTokens: 500 };
    const { cacheRead, output } = priceOf(model);
    const costMicroUsd = (promptTokens * cacheRead + 500 * output) / 1_000_000;
    return aReply({ model, usage, costMicroUsd });
  };

  test("is not tried within a minute, then twice as long after each time in vain", () => {
    const state = away([HAIKU]);
    takeReply(state, replyOf(HAIKU, 1000));
    expect(call(state, NOW_MS + MINUTE_MS - 1).model).toBe(HAIKU);
    const backAtMs = NOW_MS + MINUTE_MS;
    expect(call(state, backAtMs)).toMatchObject({ model: SONNET, change: { reason: "returned" } });
    passOver(state, down(MINUTE_MS + 3000), backAtMs);
    expect(call(state, backAtMs).model).toBe(HAIKU);
    takeReply(state, replyOf(HAIKU, 1000));
    expect(call(state, backAtMs + 2 * MINUTE_MS - 1).model).toBe(HAIKU);
    expect(call(state, backAtMs + 2 * MINUTE_MS).model).toBe(SONNET);
  });

  test("from a dearer stand-in is taken once staying has cost as much as the way", () => {
    const state = away([OPUS]);
    const promptTokens = 20_000;
    const laterMs = NOW_MS + 2 * MINUTE_MS;
    const extra = (promptTokens * (200_000 - 100_000) + 500 * 10_000_000) / 1_000_000;
    const way = ((promptTokens + 500) * (2_500_000 - 100_000)) / 1_000_000;
    const turns = Math.ceil(way / extra);
    expect(turns).toBeGreaterThan(2);
    for (let turn = 1; turn < turns; turn += 1) {
      takeReply(state, replyOf(OPUS, promptTokens));
      expect([turn, call(state, laterMs).model]).toEqual([turn, OPUS]);
    }
    takeReply(state, replyOf(OPUS, promptTokens));
    expect(call(state, laterMs).model).toBe(SONNET);
  });

  test("is taken at once where the stand-in goes away as well", () => {
    const state = away([OPUS]);
    takeReply(state, replyOf(OPUS, 1000));
    const laterMs = NOW_MS + 10_000;
    passOver(state, denied({ why: "overloaded", notBefore: inMs(12_000) }), laterMs);
    expect(call(state, laterMs)).toMatchObject({
      model: SONNET,
      change: { from: OPUS, reason: "overloaded" },
      authors: [
        { model: SONNET, replies: 1 },
        { model: OPUS, replies: 1 },
      ],
      weighedBy: OPUS,
    });
  });

  test("can be carried to a fresh history as JSON", () => {
    const state = away([OPUS]);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});
