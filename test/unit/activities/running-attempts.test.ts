// What ends an attempt that runs here: its run or its worker, and not Temporal's opinion that it is over.

import { describe, expect, test } from "@jest/globals";
import type { Info } from "@temporalio/activity";
import { ActivityCancellationDetails } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import { aborted } from "../../../activities/attempt.ts";
import { beginAttempt, type BegunAttempt } from "../../../activities/begin-attempt.ts";
import { RunningAttempts } from "../../../activities/running-attempts.ts";

const HISTORY = { workflowId: "run_1", runId: "first-history" };
const SCHEDULED_MS = 1_800_000_000_000;
const WISH = { executionId: "first-history", scheduledUntilMs: SCHEDULED_MS };
const word = (said: ConstructorParameters<typeof ActivityCancellationDetails>[0]) =>
  new ActivityCancellationDetails(said);

async function begun(
  running: RunningAttempts,
  { whenGivenUp = "goesOn", ...info }: Partial<Info> & { whenGivenUp?: "goesOn" | "stops" } = {},
): Promise<{ attempt: BegunAttempt; temporal: MockActivityEnvironment }> {
  const temporal = new MockActivityEnvironment({
    workflowExecution: HISTORY,
    activityId: "7",
    scheduledTimestampMs: SCHEDULED_MS,
    ...info,
  });
  const begins: BegunAttempt[] = [];
  await temporal.run(async () => void begins.push(beginAttempt(running, whenGivenUp)));
  const [attempt] = begins;
  if (attempt === undefined) throw new Error("it did not begin");
  return { attempt, temporal };
}

describe("an attempt that Temporal gives up", () => {
  test.each([
    ["the server does not know it any more", { notFound: true }],
    ["no beat was heard in time", { timedOut: true, notFound: true }],
  ])("goes on, as a call of a model: %s", async (_, said) => {
    const { attempt, temporal } = await begun(new RunningAttempts());
    temporal.cancel("NOT_FOUND", word(said));
    expect(attempt.over.aborted).toBe(true);
    expect(attempt.signal.aborted).toBe(false);
    attempt.end();
  });

  test("is stopped, as a tool, and is no cancelled one", async () => {
    const { attempt, temporal } = await begun(new RunningAttempts(), { whenGivenUp: "stops" });
    temporal.cancel("NOT_FOUND", word({ notFound: true }));
    expect(attempt.signal.aborted).toBe(true);
    expect(aborted(attempt)).toMatchObject({ type: "PROVIDER_UNAVAILABLE" });
  });

  test("can still be stopped by its run, and by a worker that leaves", async () => {
    for (const by of ["run", "worker"] as const) {
      const running = new RunningAttempts();
      const { attempt, temporal } = await begun(running);
      temporal.cancel("NOT_FOUND", word({ notFound: true }));
      if (by === "run") running.stop(WISH);
      else running.leave();
      expect(attempt.signal.aborted).toBe(true);
      expect(attempt.isUnwanted()).toBe(by === "run");
    }
  });
});

describe("an attempt is stopped", () => {
  test.each([
    ["by a cancel", { cancelRequested: true }, true],
    ["by a worker that shuts down", { workerShutdown: true }, false],
    ["by an operator who pauses it", { paused: true }, false],
  ])("%s", async (_, said, isUnwanted) => {
    const { attempt, temporal } = await begun(new RunningAttempts());
    temporal.cancel("CANCELLED", word(said));
    expect(attempt.signal.aborted).toBe(true);
    expect(attempt.over.aborted).toBe(true);
    expect(attempt.isUnwanted()).toBe(isUnwanted);
  });

  test("by the wish of its run before Temporal says so, which is final all the same", async () => {
    const running = new RunningAttempts();
    const { attempt, temporal } = await begun(running);
    running.stop(WISH);
    expect(aborted(attempt)).toMatchObject({ type: "CANCELLED", nonRetryable: true });
    temporal.cancel();
    expect(aborted(attempt)).toMatchObject({ name: "CancelledFailure" });
  });

  test("by a wish that was heard before it began", async () => {
    const running = new RunningAttempts();
    running.stop(WISH);
    expect((await begun(running)).attempt.signal.aborted).toBe(true);
  });

  test.each([
    ["what its run schedules later", { scheduledTimestampMs: SCHEDULED_MS + 1 }],
    ["another history", { workflowExecution: { ...HISTORY, runId: "second-history" } }],
  ])("but not %s", async (_, info) => {
    const running = new RunningAttempts();
    running.stop(WISH);
    const { attempt } = await begun(running, info);
    running.stop(WISH);
    expect(attempt.signal.aborted).toBe(false);
  });
});

test("the next attempt at a call waits for the earlier ones that run here", async () => {
  const running = new RunningAttempts();
  const [first, second, other] = await Promise.all([
    begun(running, { attempt: 1 }),
    begun(running, { attempt: 2 }),
    begun(running, { attempt: 1, activityId: "8" }),
  ]);
  expect(running.earlierThan(first.attempt)).toBeNull();
  const earlier = running.earlierThan(second.attempt);
  first.attempt.end();
  await earlier;
  expect(running.earlierThan(second.attempt)).toBeNull();
  second.attempt.end();
  other.attempt.end();
  expect(running.isIdle).toBe(true);
});

describe("what a worker that ends gave up", () => {
  test("is counted once each, by whoever said it, and nothing that ended otherwise is in it", async () => {
    const running = new RunningAttempts();
    const told = await begun(running);
    const both = await begun(running, { activityId: "8" });
    const paused = await begun(running, { activityId: "9" });
    const stopped = await begun(running, { activityId: "10" });
    const over = await begun(running, { activityId: "11" });
    over.attempt.end();
    paused.temporal.cancel("PAUSED", word({ paused: true }));
    stopped.temporal.cancel("CANCELLED", word({ cancelRequested: true }));
    both.temporal.cancel("WORKER_SHUTDOWN", word({ workerShutdown: true }));
    running.leave();
    expect(told.attempt.signal.aborted).toBe(true);
    expect(running.givenUp).toBe(2);
  });
});
