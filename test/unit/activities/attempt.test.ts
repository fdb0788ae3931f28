// One attempt of an activity, in the context that Temporal gives it: who it is, how it beats, and what it throws
// when it is stopped.

import { afterEach, describe, expect, jest, test } from "@jest/globals";
import type { Info } from "@temporalio/activity";
import { ActivityCancellationDetails } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import { aborted, holdIdOf, keepBeating, thisAttempt } from "../../../activities/attempt.ts";

const HISTORY = { workflowId: "run_1", runId: "first-history" };

const of = (info: Partial<Info> = {}): MockActivityEnvironment =>
  new MockActivityEnvironment({ workflowExecution: HISTORY, activityId: "7", ...info });
const identity = (info?: Partial<Info>): Promise<{ callKey: string; holdId: string }> =>
  of(info).run(async () => {
    const attempt = thisAttempt();
    return { callKey: attempt.callKey, holdId: holdIdOf(attempt) };
  });

describe("the attempts of one activity", () => {
  test("share a key for their reply, and each has a hold of its own", async () => {
    const first = await identity({ attempt: 1 });
    const second = await identity({ attempt: 2 });
    expect(second.callKey).toBe(first.callKey);
    expect(second.holdId).not.toBe(first.holdId);
  });

  test("have nothing in common with those of a fresh history", async () => {
    const fresh = await identity({ workflowExecution: { ...HISTORY, runId: "second-history" } });
    expect(fresh.callKey).not.toBe((await identity()).callKey);
  });
});

describe("an attempt that is at work", () => {
  afterEach(() => void jest.useRealTimers());

  test.each([
    ["four times within a short timeout", 2000, 4],
    ["every five seconds where the timeout is long: each beat costs", 40_000, 8],
  ])("beats %s, until it is stopped", async (_, timeoutMs, beatsExpected) => {
    const environment = of({ heartbeatTimeoutMs: timeoutMs });
    let beats = 0;
    environment.on("heartbeat", () => (beats += 1));
    jest.useFakeTimers();
    await environment.run(async () => {
      const beating = keepBeating(thisAttempt());
      jest.advanceTimersByTime(timeoutMs);
      beating.stop();
      jest.advanceTimersByTime(timeoutMs);
    });
    expect(beats).toBe(beatsExpected);
  });
});

describe("an attempt that is stopped", () => {
  const stopped = async (...how: Parameters<MockActivityEnvironment["cancel"]>): Promise<Error> => {
    const environment = of();
    return await environment.run(async () => {
      const attempt = thisAttempt();
      environment.cancel(...how);
      expect(attempt.signal.aborted).toBe(true);
      return aborted(attempt);
    });
  };

  test("by its run is cancelled", async () => {
    expect(await stopped()).toMatchObject({ name: "CancelledFailure" });
  });

  test("by a worker that shuts down has failed, and is tried again elsewhere", async () => {
    const leaving = new ActivityCancellationDetails({ workerShutdown: true });
    expect(await stopped("WORKER_SHUTDOWN", leaving)).toMatchObject({
      name: "ApplicationFailure",
      type: "PROVIDER_UNAVAILABLE",
      nonRetryable: false,
      message: expect.stringContaining("WORKER_SHUTDOWN"),
    });
  });
});
