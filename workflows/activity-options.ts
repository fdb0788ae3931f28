// Every timeout and retry of the system, and which queue each activity waits in, in one table. The timers come
// from the run's snapshot, so a changed environment never reaches a run in flight. Each is asked for where
// it is used: its queue is named after the run's own, and nobody is a run when modules are loaded.
//
// A cancel waits for what touches the world: a model call then brings home what was written and paid,
// and no tool works on behind the back of a run that has ended. It never waits longer than the
// heartbeat timeout, after which a silent worker counts as dead.

import {
  workflowInfo,
  type ActivityOptions,
  type LocalActivityOptions,
} from "@temporalio/workflow";
import type { Duty } from "../src/domain/duty.ts";
import { FINAL_CODES } from "../src/domain/errors.ts";
import { traitsOf, type Purpose } from "../src/domain/purpose.ts";
import type { Timers } from "../src/domain/run/snapshot.ts";
import type { ToolSpec } from "../src/domain/tool.ts";
import { queueOf } from "../src/temporal/queues.ts";

/** For the code that waits after a timer of its own fired: to settle, to journal, to say so. */
const SETTLING_MS = 30_000;

const INLINE_SETTLING_MS = 5000;

const nonRetryableErrorTypes = [...FINAL_CODES, "TRANSCRIPT_MISSING"];

/** Postgres or Temporal may be away for long; bookkeeping waits for them and is never given up. */
export function bookkeeping(): ActivityOptions {
  return {
    taskQueue: queueFor("core"),
    startToCloseTimeout: "60s",
    retry: { initialInterval: "500ms", maximumInterval: "10s", nonRetryableErrorTypes },
  };
}

/** A webhook that is away for longer has missed its moment; the approval itself waits on. */
export function notifying(): ActivityOptions {
  return {
    taskQueue: queueFor("core"),
    startToCloseTimeout: "20s",
    scheduleToCloseTimeout: "15m",
    retry: {
      initialInterval: "2s",
      backoffCoefficient: 3,
      maximumInterval: "2m",
      maximumAttempts: 8,
    },
  };
}

/** Nothing in it needs an end that a cancelled run would have to wait for. */
export function opening(): ActivityOptions {
  return { ...bookkeeping(), cancellationType: "TRY_CANCEL" };
}

export function rebuilding(): ActivityOptions {
  return {
    taskQueue: queueFor("core"),
    cancellationType: "TRY_CANCEL",
    startToCloseTimeout: "5m",
    retry: { initialInterval: "1s", maximumInterval: "10s", maximumAttempts: 20 },
  };
}

/** It reaches what is at work in this process at once; what it can't reach Temporal tells by itself. */
export const stopping: LocalActivityOptions = {
  startToCloseTimeout: "2s",
  retry: { maximumAttempts: 1 },
};

export function modelCalling(timers: Timers, purpose: Purpose): ActivityOptions {
  const { attemptsMax } = traitsOf(purpose);
  return {
    taskQueue: queueFor("model"),
    cancellationType: "WAIT_CANCELLATION_COMPLETED",
    startToCloseTimeout: timers.callTimeoutMs + SETTLING_MS,
    heartbeatTimeout: timers.heartbeatTimeoutMs,
    retry: {
      initialInterval: timers.retryInitialMs,
      backoffCoefficient: 2,
      maximumInterval: "60s",
      maximumAttempts: Math.min(attemptsMax, timers.retryAttemptsMax),
      nonRetryableErrorTypes,
    },
  };
}

/** A provider that can't be reached is no failure of it: the batch is looked at again later. */
export function lookingAtBatch(timers: Timers): ActivityOptions {
  return {
    ...bookkeeping(),
    taskQueue: queueFor("model"),
    cancellationType: "WAIT_CANCELLATION_COMPLETED",
    startToCloseTimeout: "5m",
    heartbeatTimeout: timers.heartbeatTimeoutMs,
  };
}

/** A tool whose second execution can't be told from the first is never executed a second time. */
function toolAttemptsMax(tool: ToolSpec): number {
  return tool.effect === "once" ? 1 : tool.attemptsMax;
}

export function toolRunning(tool: ToolSpec, timers: Timers): ActivityOptions {
  return {
    taskQueue: queueFor("tools"),
    cancellationType: "WAIT_CANCELLATION_COMPLETED",
    startToCloseTimeout: tool.timeoutMs + SETTLING_MS,
    heartbeatTimeout: timers.heartbeatTimeoutMs,
    retry: {
      initialInterval: timers.retryInitialMs,
      backoffCoefficient: 2,
      maximumInterval: "30s",
      maximumAttempts: toolAttemptsMax(tool),
      nonRetryableErrorTypes,
    },
  };
}

/** What is not taken back stays in the world, so this is tried for longer than the call itself: some eight minutes. */
const COMPENSATIONS_MAX = 14;

export function compensating(
  { timeoutMs }: Pick<ToolSpec, "timeoutMs">,
  { heartbeatTimeoutMs, retryInitialMs }: Pick<Timers, "heartbeatTimeoutMs" | "retryInitialMs">,
): ActivityOptions {
  return {
    taskQueue: queueFor("tools"),
    startToCloseTimeout: timeoutMs + SETTLING_MS,
    heartbeatTimeout: heartbeatTimeoutMs,
    retry: {
      initialInterval: retryInitialMs,
      backoffCoefficient: 2,
      maximumInterval: "60s",
      maximumAttempts: COMPENSATIONS_MAX,
      nonRetryableErrorTypes,
    },
  };
}

export function inlineToolRunning(tool: ToolSpec): LocalActivityOptions {
  return {
    cancellationType: "WAIT_CANCELLATION_COMPLETED",
    startToCloseTimeout: tool.timeoutMs + INLINE_SETTLING_MS,
    retry: {
      initialInterval: "100ms",
      maximumInterval: "1s",
      maximumAttempts: toolAttemptsMax(tool),
      nonRetryableErrorTypes,
    },
  };
}

/** A run and what it waits for lie side by side: its own queue names the others. */
function queueFor(duty: Duty): string {
  return queueOf(workflowInfo().taskQueue, duty);
}
