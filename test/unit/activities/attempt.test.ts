// One attempt of an activity, in the context that Temporal gives it: who it is, how it beats, and what it throws
// when it is stopped.

import { afterEach, describe, expect, jest, test } from "@jest/globals";
import type { Info } from "@temporalio/activity";
import { ActivityCancellationDetails, CancelledFailure } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import {
  aborted,
  asFailures,
  failure,
  holdIdOf,
  keepBeating,
  thisAttempt,
} from "../../../activities/attempt.ts";
import { RunningAttempts } from "../../../activities/running-attempts.ts";
import { attemptTool } from "../../../activities/tool-attempt.ts";
import { ToolError } from "../../../activities/tools/tool-error.ts";
import { PawlError } from "../../../src/domain/errors.ts";

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

/** As the driver throws it: its name, and what our tables are called. */
class PostgresError extends Error {
  override readonly name = "PostgresError";
}

const OF_OURS: readonly (readonly [string, Error])[] = [
  ["the database", new PostgresError('column "held_micro_usd" does not exist')],
  ["our code", new TypeError("Cannot read properties of undefined (reading 'ref')")],
  ["a number that is none", new RangeError("The number NaN cannot be converted to a BigInt")],
  [
    "what Node says of a file",
    Object.assign(new Error("EACCES, open '/srv/x'"), { code: "EACCES" }),
  ],
];

describe.each(OF_OURS)("a fault of %s", (_, fault) => {
  const byTool = (work: () => Promise<never>): Promise<unknown> =>
    of().run(() => attemptTool(new RunningAttempts(), work).catch((error: unknown) => error));

  test.each([
    ["books and model calls", asFailures],
    ["tools", byTool],
  ])(
    "leaves the activities of %s as no more than that, and is tried again",
    async (_of, within) => {
      const told = await within(() => Promise.reject(fault)).catch((error: unknown) => error);
      expect(told).toMatchObject({
        name: "ApplicationFailure",
        type: "WORKER_FAULT",
        message: "the worker met a fault of its own",
        nonRetryable: false,
        cause: fault,
      });
    },
  );
});

describe("what leaves an activity as it is", () => {
  test.each<[string, Error, object]>([
    ["an error of the catalogue", new PawlError("CONFIG", "no"), { type: "CONFIG", message: "no" }],
    ["one that is Temporal's already", failure("TASK_TOO_LARGE", "x"), { type: "TASK_TOO_LARGE" }],
    ["a cancel", new CancelledFailure("CANCELLED"), { name: "CancelledFailure" }],
  ])("%s", async (_, error, left) => {
    await expect(asFailures(() => Promise.reject(error))).rejects.toMatchObject(left);
  });

  test("of a tool is the word of its own", async () => {
    const error = new ToolError("503 of the weather", { retryable: true });
    const thrown = await of().run(() =>
      attemptTool(new RunningAttempts(), () => Promise.reject(error)).catch(
        (left: unknown) => left,
      ),
    );
    expect(thrown).toBe(error);
  });
});
