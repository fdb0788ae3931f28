// Watches one run to its end and shows it. The first Ctrl-C detaches, which never stops a run; a
// second one soon after it cancels.

import type { LeftBehind } from "../client/queue.ts";
import type { RunClient } from "../client/run-client.ts";
import { startingCommand } from "../domain/missing-workers.ts";
import { DETACHED_EXIT, exitCodeOf } from "./exit-code.ts";
import type { Keyboard } from "./keyboard.ts";
import type { Renderer } from "./renderer.ts";
import { typeAlong, type TypeAlong } from "./type-along.ts";
import { unservedNotice } from "./unserved-notice.ts";
import { present } from "../domain/present.ts";
import { shownId, shownLine } from "../domain/shown-text.ts";

export interface FollowOptions {
  readonly after?: string;
  /** Where Ctrl-C comes from. */
  readonly signals?: NodeJS.EventEmitter;
  readonly secondThoughtsMs?: number;
  readonly workerCheckMs?: number;
  readonly silenceMs?: number;
  /** How soon a run of which nothing is heard is looked after; then ever less often. */
  readonly lookAfterMs?: number;
  /** Where a person types to the run; not set where nobody does. */
  readonly keyboard?: Keyboard;
}

const SECOND_THOUGHTS_MS = 1500;
const WORKER_CHECK_MS = 2000;
/** A worker takes a run within a second. Temporal lists one that died for a minute more. */
const SILENCE_MS = 10_000;
const LOOK_AFTER_MS = 3000;
const LOOK_AFTER_MAX_MS = 60_000;

/** Returns the exit code. */
export async function follow(
  client: RunClient,
  runId: string,
  shown: Renderer,
  options: FollowOptions = {},
): Promise<number> {
  const leaving = new AbortController();
  const typing = listenForTyping(client, runId, shown, options);
  const renderer = typing?.renderer ?? shown;
  const interrupts = listenForInterrupts(client, runId, { renderer, leaving }, options);
  const silence = listenForSilence(client, renderer, options);
  const quiet = lookAfterQuiet(client, runId, renderer, options);
  let exitCode: number = DETACHED_EXIT;
  let troubled = false;
  try {
    const events = client.watch(runId, {
      ...present({ after: options.after }),
      signal: leaving.signal,
      onTrouble() {
        if (!troubled)
          renderer.notice("Temporal does not answer; trying again. The run itself is safe.");
        troubled = true;
      },
    });
    for await (const event of events) {
      troubled = false;
      if (event.type !== "run.started") silence.stop();
      quiet.heard();
      renderer.event(event);
      if (event.type === "run.ended") exitCode = exitCodeOf(event.result.outcome);
    }
  } finally {
    silence.stop();
    quiet.stop();
    interrupts.stop();
    typing?.stop();
    renderer.close();
  }
  return exitCode;
}

/** In raw mode Ctrl-C is a key like any other, and means what the signal means. */
function listenForTyping(
  client: RunClient,
  runId: string,
  renderer: Renderer,
  { keyboard, signals = process }: FollowOptions,
): TypeAlong | null {
  if (keyboard === undefined) return null;
  const onInterrupt = (): void => void signals.emit("SIGINT");
  return typeAlong({ client, runId, renderer }, keyboard, onInterrupt);
}

interface Listening {
  stop(): void;
}

function listenForInterrupts(
  client: RunClient,
  runId: string,
  { renderer, leaving }: { readonly renderer: Renderer; readonly leaving: AbortController },
  options: FollowOptions,
): Listening {
  const signals = options.signals ?? process;
  let detaching: NodeJS.Timeout | null = null;
  let interrupts = 0;

  async function cancel(): Promise<void> {
    try {
      await client.cancel(runId);
      renderer.notice("Cancelling; Ctrl-C once more leaves at once.");
    } catch (error) {
      const why = error instanceof Error ? shownLine(error.message, 400) : "";
      renderer.notice(`The run was not cancelled. ${why}`);
    }
  }

  const onInterrupt = (): void => {
    interrupts += 1;
    if (detaching !== null) clearTimeout(detaching);
    if (interrupts === 1) {
      renderer.notice(`Detached: the run goes on. See it again: pawl attach ${shownId(runId)}`);
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
function listenForSilence(
  client: RunClient,
  renderer: Renderer,
  options: FollowOptions,
): Listening {
  let isOver = false;
  const say = (text: string): void => {
    if (!isOver) renderer.notice(text);
    isOver = true;
  };
  const lookForWorkers = async (): Promise<void> => {
    const notice = await unservedNotice(client, "run").catch(() => null);
    if (notice !== null) say(notice);
  };
  const first = setTimeout(() => void lookForWorkers(), options.workerCheckMs ?? WORKER_CHECK_MS);
  const second = setTimeout(() => {
    say("No worker has taken the run yet; it waits. What is wrong: pawl doctor");
  }, options.silenceMs ?? SILENCE_MS);
  return {
    stop() {
      isOver = true;
      clearTimeout(first);
      clearTimeout(second);
    },
  };
}

/** A run that is pinned to a build which is gone says nothing any more: only who asks for it is told why. */
function lookAfterQuiet(
  client: RunClient,
  runId: string,
  renderer: Renderer,
  { lookAfterMs = LOOK_AFTER_MS }: FollowOptions,
): Listening & { heard(): void } {
  let timer: NodeJS.Timeout | null = null;
  let hasTold = false;
  let isOver = false;
  const look = async (nextMs: number): Promise<void> => {
    const left = await client.leftBehind(runId).catch(() => null);
    if (isOver) return;
    if (left !== null && !hasTold) renderer.notice(leftText(left));
    hasTold = left !== null;
    listen(nextMs);
  };
  const listen = (waitMs: number): void => {
    if (timer !== null) clearTimeout(timer);
    const nextMs = Math.min(2 * waitMs, LOOK_AFTER_MAX_MS);
    timer = setTimeout(() => void look(nextMs), waitMs);
  };
  listen(lookAfterMs);
  return {
    heard() {
      hasTold = false;
      listen(lookAfterMs);
    },
    stop() {
      isOver = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function leftText({ message, build }: LeftBehind): string {
  return `The run waits: ${message}. It goes on when one starts: ${startingCommand(build)}`;
}
