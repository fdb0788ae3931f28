// What a call of a free model asks of the ledger: nothing, whatever is left of a cap.

import { beforeEach, expect, test } from "@jest/globals";
import { createLedger, type Ledger } from "../../src/store/ledger.ts";
import { aSettlement, anAccount, anAttempt } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { clearMoney } from "../support/ledger-rules.ts";

onEachDatabase((underTest) => {
  const ledger = (): Ledger => createLedger(underTest().db);
  beforeEach(() => clearMoney(underTest().db));

  test.each([0, 10])(
    "holds nothing for what is free, also where %s is left of a cap",
    async (left) => {
      const of = `free${left}`;
      const accounts = [anAccount(`${of}/day`, 100)];
      await ledger().startAttempt(
        anAttempt(of, accounts, { replyTokensMin: 0, replyTokensMax: 0 }),
      );
      await ledger().settle(aSettlement(`${of}/1/1`, 100 - left));
      const worst = { fixedMicroUsd: 0, replyRate: 0 };
      expect(
        await ledger().startAttempt(anAttempt(of, accounts, { turn: 2, worst })),
      ).toMatchObject({ kind: "held", heldMicroUsd: 0, replyTokens: 400 });
    },
  );

  test("holds nothing for what is free, also in an account that is overdrawn", async () => {
    const paid = [anAccount("over/day", 500)];
    await ledger().startAttempt(anAttempt("over", paid));
    await ledger().settle(aSettlement("over/1/1", 400));
    const worst = { fixedMicroUsd: 0, replyRate: 0 };
    const lowered = { turn: 2, worst, runCapMicroUsd: 300 };
    expect(await ledger().startAttempt(anAttempt("over", paid, lowered))).toMatchObject({
      kind: "held",
      heldMicroUsd: 0,
      replyTokens: 400,
    });
  });
});
