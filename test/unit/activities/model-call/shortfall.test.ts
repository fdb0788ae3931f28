// What a call says that can't be paid: in dollars, and with the smallest cap that would do.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import type { Denial, ModelCall } from "../../../../src/domain/call.ts";
import { openCallScene, type SceneOptions } from "../../../support/call-scene.ts";

const budget = (more: Partial<ModelCall["budget"]>): ModelCall["budget"] => ({
  costCapMicroUsd: null,
  spentMicroUsd: 0,
  lastReplyMicroUsd: null,
  tokensLeft: 200_000,
  keepsFor: [],
  ...more,
});

async function denialOf(options: SceneOptions): Promise<Denial> {
  const result = await makeCall(openCallScene(options).attempt(1));
  if (result.kind !== "denied") throw new Error(`it was ${result.kind}`);
  return result;
}

const capIn = ({ message }: Denial): number => {
  const named = /--max-cost (\S+)$/.exec(message)?.[1];
  if (named === undefined) throw new Error(message);
  return Math.round(Number(named) * 1_000_000);
};

describe("a call that the run can't pay", () => {
  test("says in dollars what it lacks, and with which flag it would be made", async () => {
    const denial = await denialOf({ call: { budget: budget({ costCapMicroUsd: 2000 }) } });
    expect(denial).toMatchObject({ why: "cap", limit: "cost" });
    expect(denial.message).toBe(
      "the next call can cost $0.002748, and $0.002000 of $0.002000 is left; it needs $0.000748 more: --max-cost 0.0028",
    );
  });

  test("names a cap with which it is made, and below which by far it is not", async () => {
    const spent = fc.nat(500_000);
    const left = fc.nat(4000);
    const headTokens = fc.constantFrom(0, 500, 9000);
    const keepsFor = fc.constantFrom<ModelCall["budget"]["keepsFor"]>([], ["wrap_up"]);
    await fc.assert(
      fc.asyncProperty(spent, left, headTokens, keepsFor, async (s, l, h, keeps) => {
        // Only a run that keeps its last words knows by itself what it has spent.
        const spentMicroUsd = keeps.length > 0 && h > 0 ? s : 0;
        const callAt = (costCapMicroUsd: number): Partial<ModelCall> => ({
          headTokens: h,
          budget: budget({ costCapMicroUsd, spentMicroUsd, keepsFor: keeps }),
        });
        const seen = await makeCall(
          openCallScene({
            ledger: spentBefore(spentMicroUsd),
            call: callAt(spentMicroUsd + l),
          }).attempt(1),
        );
        if (seen.kind !== "denied") return;
        const cap = capIn(seen);
        const again = openCallScene({ ledger: spentBefore(spentMicroUsd), call: callAt(cap) });
        expect(await makeCall(again.attempt(1))).toMatchObject({ kind: "replied" });
        // Rounded to two digits, and no more than that.
        const lower = openCallScene({
          ledger: spentBefore(spentMicroUsd),
          call: callAt(Math.floor(cap * 0.9) - 2),
        });
        expect(await makeCall(lower.attempt(1))).toMatchObject({ kind: "denied" });
      }),
      { numRuns: 60 },
    );
  });

  test("above what the operator allows a run it names his variable", async () => {
    const env = { PAWL_RUN_CAP_USD: "0.002" };
    const denial = await denialOf({ env, call: { budget: budget({ costCapMicroUsd: 2000 }) } });
    expect(denial.message).toMatch(/PAWL_RUN_CAP_USD=0\.0028$/);
  });

  test("never says that less than nothing is left", async () => {
    const call = {
      budget: budget({ costCapMicroUsd: 1000, spentMicroUsd: 5000, keepsFor: ["wrap_up"] }),
      headTokens: 700,
    };
    const { message } = await denialOf({ call });
    expect(message).toContain("$0 of $0.001000 is left");
    expect(message).not.toMatch(/-\$|\$-|-\d/);
  });
});

/** Of the run's own account, as if by calls before. */
function spentBefore(microUsd: number): NonNullable<SceneOptions["ledger"]> {
  return (real) => ({
    startAttempt: async (request) =>
      await real.startAttempt({
        ...request,
        runCapMicroUsd: Math.max(0, request.runCapMicroUsd - microUsd),
      }),
  });
}

describe("a denial that leaves nothing for the last words says so", () => {
  const call = (costCapMicroUsd: number): Partial<ModelCall> => ({
    headTokens: 700,
    budget: budget({ costCapMicroUsd, keepsFor: ["wrap_up"] }),
  });

  test.each([
    ["for money", call(1000), true],
    ["not where they can be paid", call(6000), undefined],
    [
      "for tokens",
      { ...call(900_000), budget: budget({ tokensLeft: 200, keepsFor: ["wrap_up"] }) },
      true,
    ],
    [
      "not where they fit",
      { ...call(900_000), budget: budget({ tokensLeft: 900, keepsFor: ["wrap_up"] }) },
      undefined,
    ],
  ])("%s", async (_, asked, leavesNothing) => {
    const denial = await denialOf({ call: asked, countTokens: async () => 500 });
    expect("leavesNothing" in denial ? denial.leavesNothing : undefined).toBe(leavesNothing);
    expect(denial.message).not.toMatch(/-\d/);
  });
});
