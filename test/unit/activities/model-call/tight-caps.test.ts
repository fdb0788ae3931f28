// F8: bytes bound a prompt by several times what it weighs. Where that leaves a reply too little of a small cap, the
// provider's own count is asked for, which is free, and where it leaves enough nobody waits for one.

import { describe, expect, test } from "@jest/globals";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import type { ModelCall } from "../../../../src/domain/call.ts";
import { openCallScene } from "../../../support/call-scene.ts";

interface Tried {
  readonly kind: string;
  readonly counts: number;
  /** What the provider was asked for; 0 where it was not. */
  readonly replyTokens: number;
}

async function tried(
  costCapMicroUsd: number,
  count: () => Promise<number | null> = async () => 10,
  more: Partial<ModelCall> = {},
): Promise<Tried> {
  let counts = 0;
  const money = { costCapMicroUsd, spentMicroUsd: 0, lastReplyMicroUsd: null };
  const budget = { ...money, tokensLeft: 200_000, keepsFor: [] };
  const { attempt, requests } = openCallScene({
    call: { budget, ...more },
    countTokens: async () => {
      counts += 1;
      return await count();
    },
  });
  const { kind } = await makeCall(attempt(1));
  return { kind, counts, replyTokens: requests[0]?.replyTokensMax ?? 0 };
}

const unavailable = async (): Promise<number> => {
  throw new Error("away");
};

describe("a call under a small cap", () => {
  test("is counted for, and made, where its bytes alone would refuse it", async () => {
    const [counted, byBytes] = [await tried(4000), await tried(4000, async () => null)];
    expect(counted).toMatchObject({ kind: "replied", counts: 1 });
    expect(byBytes).toMatchObject({ kind: "denied", replyTokens: 0 });
  });

  test("is given a longer reply where its bytes would cut it", async () => {
    const [counted, byBytes] = [await tried(20_000), await tried(20_000, async () => null)];
    expect(counted).toMatchObject({ kind: "replied", counts: 1 });
    expect(byBytes.kind).toBe("replied");
    expect(counted.replyTokens).toBeGreaterThan(byBytes.replyTokens);
  });

  test("is judged by its bytes where the count is away, and where it says more than they do", async () => {
    const byBytes = await tried(20_000, async () => null);
    expect(await tried(20_000, unavailable)).toEqual(byBytes);
    expect(await tried(20_000, async () => 900_000)).toEqual(byBytes);
  });

  test("is not counted for where there is enough, nor where the model has weighed most of it", async () => {
    expect(await tried(1_000_000)).toMatchObject({ kind: "replied", counts: 0 });
    expect(await tried(20_000, undefined, { headTokens: 700 })).toMatchObject({ counts: 0 });
  });
});
