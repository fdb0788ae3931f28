// How long the first event of a reply is waited for: by the prompt, by who reads it, and by what came before.

import { describe, expect, test } from "@jest/globals";
import { firstByteMsOf } from "../../../../activities/model-call/first-byte.ts";
import type { PreparedCall } from "../../../../activities/model-call/call-attempt.ts";
import type { FailureBefore } from "../../../../activities/model-call/failure-before.ts";
import { readConfig } from "../../../../src/config.ts";

const LOCAL = { isOffline: false, baseUrl: "http://127.0.0.1:8080" };
const ANTHROPIC = { isOffline: false, baseUrl: "https://api.anthropic.com" };
const OFFLINE = { isOffline: true, baseUrl: "http://127.0.0.1:8081" };
const TIMED_OUT = { code: "PROVIDER_TIMEOUT", message: "no event", mark: "m" } as const;

interface Asked {
  readonly bytes: number;
  /** As far as it is known; else a byte may be a token. */
  readonly tokens?: number;
  readonly before?: FailureBefore;
}

function waitsFor(provider: typeof LOCAL, { bytes, tokens = bytes, before }: Asked): number {
  return firstByteMsOf({
    deps: { config: readConfig({}), provider, model: { promptBytes: () => bytes } },
    attempt: { before },
    request: { messages: [] },
    room: { promptTokens: tokens },
  } as unknown as PreparedCall);
}

describe("the first event is waited for", () => {
  test("long enough for two cores to read 3,852 tokens, which takes them 90 s", () => {
    expect(waitsFor(LOCAL, { bytes: 15_400 })).toBeGreaterThan(2 * 90_000);
    expect(waitsFor(LOCAL, { bytes: 15_400, tokens: 3852 })).toBe(30_000 + 3852 * 50);
  });

  test.each([
    ["Anthropic's API", ANTHROPIC],
    ["the offline model", OFFLINE],
  ])("hardly longer by %s, which is soon missed where it is away", (_, provider) => {
    expect(waitsFor(provider, { bytes: 3000 })).toBe(30_100);
    expect(waitsFor(provider, { bytes: 3_000_000, tokens: 1_000_000 })).toBe(130_000);
  });

  test("twice as long after each time that it did not come", () => {
    const after = (times: number) =>
      waitsFor(LOCAL, { bytes: 3000, before: { ...TIMED_OUT, times } });
    expect([after(1), after(2), after(3)]).toEqual([160_000, 320_000, 640_000]);
    expect(after(40)).toBe(80_000 * 16);
  });

  test("as before after any other failure, and after what can't be read", () => {
    const cut = { ...TIMED_OUT, code: "PROVIDER_STREAM_CUT", times: 3 } as const;
    expect(waitsFor(LOCAL, { bytes: 3000, before: cut })).toBe(80_000);
    expect(waitsFor(LOCAL, { bytes: 3000, before: "?" as never })).toBe(80_000);
  });
});
