// How an attempt at a call of a model or at a tool begins and what ends it: its run, its worker, and of a tool
// also that Temporal has given it up. What a call of a model comes to is found by the next attempt, so it goes
// on; but not where its run has ended.

import { Context } from "@temporalio/activity";
import { thisAttempt, wordOf, type Attempt } from "./attempt.ts";
import { Stopped, type RunningAttempts, type StoppedBy } from "./running-attempts.ts";

const SERVER_PATIENCE_MS = 10_000;

export interface BegunAttempt extends Attempt {
  /**
   * Temporal's core keeps to itself what an attempt returns that it has given up, and the server may have heard
   * of the attempt all the same: then the run need not wait for the next one.
   */
  handIn(result: unknown): Promise<void>;
  end(): void;
}

/** The attempt of the activity that calls. */
export function beginAttempt(
  running: RunningAttempts,
  whenGivenUp: "stops" | "goesOn",
): BegunAttempt {
  const context = Context.current();
  const own = thisAttempt();
  const stop = new AbortController();
  const over = new AbortController();
  const { signal } = stop;
  const end = (why: Stopped): void => {
    if (why.by === "worker" && !signal.aborted) running.noteGivenUp();
    stop.abort(why);
    over.abort(why);
  };
  const stopped = (by: StoppedBy, why: string): void => end(new Stopped(by, why));
  const heed = (): void => {
    const word = wordOf(context);
    if (word === "cancelled") return stopped("run", "the run was cancelled");
    const reason: unknown = own.signal.reason;
    const why = reason instanceof Error ? reason.message : String(reason);
    if (word === "leaving") return stopped("worker", why);
    if (word === "setAside" || whenGivenUp === "stops") return stopped("temporal", why);
    over.abort(own.signal.reason);
    void stopIfRunHasEnded();
  };
  const stopIfRunHasEnded = async (): Promise<void> => {
    if (await hasRunEnded(context, own)) stopped("run", "the run has ended");
  };
  const attempt: Attempt = {
    ...own,
    signal,
    over: over.signal,
    isUnwanted: () => signal.reason instanceof Stopped && signal.reason.by === "run",
  };
  const leave = running.add(attempt, end);
  own.signal.addEventListener("abort", heed, { once: true });
  if (own.signal.aborted) heed();
  return {
    ...attempt,
    async handIn(result) {
      if (wordOf(context) !== "givenUp") return;
      // Refused by a server that has given it up as well: the next attempt finds the reply.
      await askServer(context, (client) =>
        client.activity.complete(context.info.taskToken, result),
      ).catch(() => undefined);
    },
    end() {
      own.signal.removeEventListener("abort", heed);
      leave();
    },
  };
}

/** Of a run that was terminated nobody wants the reply. False where nobody can tell. */
async function hasRunEnded(context: Context, { runId, executionId }: Attempt): Promise<boolean> {
  try {
    const { status } = await askServer(context, ({ workflow }) =>
      workflow.getHandle(runId, executionId).describe(),
    );
    return status.name !== "RUNNING";
  } catch {
    return false;
  }
}

/** Calls of the context's client end with its own signal, which is aborted by the time we ask. */
async function askServer<T>(
  { client }: Context,
  ask: (client: Context["client"]) => Promise<T>,
): Promise<T> {
  return await client.withAbortSignal(AbortSignal.timeout(SERVER_PATIENCE_MS), () => ask(client));
}
