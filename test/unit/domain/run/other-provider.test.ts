// A run that no worker may answer, since all that poll ask another provider than it began with.

import { expect, test } from "@jest/globals";
import { isSimulated, resultOf } from "../../../../src/domain/run/result.ts";
import { statusOf, waitOf } from "../../../../src/domain/run/shown.ts";
import { denied, given, replied } from "../../../support/run-story.ts";

const REFUSED = "PROVIDER_DIFFERS: the run began with another";
const other = (notBefore: string) => denied({ why: "provider", notBefore, message: REFUSED });

test("waits visibly, asks again, and goes on where a worker fits; no turn and no money is lost", () => {
  const run = given();
  const notBefore = new Date(run.nowMs + 15_000).toISOString();
  const waits = run.asking(other(notBefore));
  expect(waits.wait()).toEqual({
    reason: "worker",
    message: REFUSED,
    nextAttemptAt: notBefore,
    limit: null,
  });
  const standing = waits.standing();
  expect(statusOf(standing.state)).toBe("waiting");
  expect(waitOf(standing.state)?.reason).toBe("worker");
  const again = waits.waiting();
  expect(again.call()).toMatchObject({ turn: 1, budget: { spentMicroUsd: 0 } });
  expect(again.asking(replied("done")).outcome()).toEqual({ kind: "answered" });
});

test("is not left for a stand-in, which would be the other provider's as well", () => {
  const run = given();
  const notBefore = new Date(run.nowMs + 15_000).toISOString();
  const again = run.asking(other(notBefore)).waiting();
  expect(again.call().course.change).toBeUndefined();
});

test("once any reply was the offline model's, the run says so for good", () => {
  const provider = { isOffline: false, baseUrl: "https://api.anthropic.com", keyFingerprint: null };
  const real = given({ provider }).asking(replied("real", { offline: false }));
  expect(isSimulated(real.memory())).toBe(false);
  const mixed = given({ provider }).asking(replied("toy", { offline: true }));
  const ended = { outcome: { kind: "answered" }, ledger: null, durationMs: 1 } as const;
  const result = resultOf({ runId: "run_1", traceId: "t" }, mixed.state, ended);
  expect(result.offline).toBe(true);
});
