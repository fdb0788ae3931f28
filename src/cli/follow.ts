// Watches one run to its end and shows it. The first Ctrl-C detaches, which never stops a run; a
// second one soon after it cancels.

import type { RunClient } from "../client/run-client.ts";
import { exitCodeOf } from "./exit-code.ts";
import type { Renderer } from "./renderer.ts";

export interface FollowOptions {
  readonly after?: string;
  /** Where Ctrl-C comes from. */
  readonly signals?: NodeJS.EventEmitter;
  readonly secondThoughtsMs?: number;
  readonly workerCheckMs?: number;
}

const SECOND_THOUGHTS_MS = 1500;
const WORKER_CHECK_MS = 2000;
const DETACHED = 0;

/** Returns the exit code. */
export async function follow(
  client: RunClient,
  runId: string,
  renderer: Renderer,
  options: FollowOptions = {},
): Promise<number> {
  const leaving = new AbortController();
  const interrupts = listenForInterrupts(client, runId, { renderer, leaving }, options);
  const silence = setTimeout(
    () => void sayIfNoWorker(client, renderer),
    options.workerCheckMs ?? WORKER_CHECK_MS,
  );
  let exitCode = DETACHED;
  let troubled = false;
  try {
    const events = client.watch(runId, {
      ...(options.after === undefined ? {} : { after: options.after }),
      signal: leaving.signal,
      onTrouble() {
        if (!troubled)
          renderer.notice("Temporal does not answer; trying again. The run itself is safe.");
        troubled = true;
      },
    });
    for await (const event of events) {
      troubled = false;
      if (event.type !== "run.started") clearTimeout(silence);
      renderer.event(event);
      if (event.type === "run.ended") exitCode = exitCodeOf(event.result.outcome);
    }
  } finally {
    clearTimeout(silence);
    interrupts.stop();
    renderer.close();
  }
  return exitCode;
}

interface Interrupts {
  stop(): void;
}

function listenForInterrupts(
  client: RunClient,
  runId: string,
  { renderer, leaving }: { readonly renderer: Renderer; readonly leaving: AbortController },
  options: FollowOptions,
): Interrupts {
  const signals = options.signals ?? process;
  let detaching: NodeJS.Timeout | null = null;
  let interrupts = 0;

  async function cancel(): Promise<void> {
    try {
      await client.cancel(runId);
      renderer.notice("Cancelling; Ctrl-C once more leaves at once.");
    } catch (error) {
      renderer.notice(`The run was not cancelled. ${error instanceof Error ? error.message : ""}`);
    }
  }

  const onInterrupt = (): void => {
    interrupts += 1;
    if (detaching !== null) clearTimeout(detaching);
    if (interrupts === 1) {
      renderer.notice(`Detached: the run goes on. See it again: pawl attach ${runId}`);
      renderer.notice("Ctrl-C again now cancels it.");
      const waitMs = options.secondThoughtsMs ?? SECOND_THOUGHTS_MS;
      detaching = setTimeout(() => leaving.abort(), waitMs);
    } else if (interrupts === 2) {
      void cancel();
    } else {
      leaving.abort();
    }
  };
  signals.on("SIGINT", onInterrupt);
  return {
    stop() {
      if (detaching !== null) clearTimeout(detaching);
      signals.off("SIGINT", onInterrupt);
    },
  };
}

/** A run without a worker waits for ever, and nothing but this would say why. */
async function sayIfNoWorker(client: RunClient, renderer: Renderer): Promise<void> {
  const workers = await client.workers().catch(() => null);
  if (workers !== 0) return;
  renderer.notice("No worker polls the task queue; the run waits until one starts: pawl worker");
}
