// A person types while they watch. What the run tells meanwhile waits until the line is over, and comes
// then; so neither mangles the other.

import { randomUUID } from "node:crypto";
import type { RunClient } from "../client/run-client.ts";
import type { ApprovalRequested, RunEvent } from "../domain/run-event.ts";
import type { Keyboard } from "./keyboard.ts";
import type { Renderer } from "./renderer.ts";
import { userName } from "./say.ts";
import { APPROVAL_HINT, meaningOf, TYPING_HINT, type TypedLine } from "./typed-line.ts";

export interface Watched {
  readonly client: RunClient;
  readonly runId: string;
  readonly renderer: Renderer;
}

/** A half-typed line holds the run's words back for this long and no longer. */
const HELD_BACK_MS = 30_000;

export interface TypeAlong {
  /** Shows what it is given, when the line that is being typed is over. */
  readonly renderer: Renderer;
  stop(): void;
}

export function typeAlong(
  { client, runId, renderer }: Watched,
  keyboard: Keyboard,
  onInterrupt: () => void,
): TypeAlong {
  const held = holdBack(renderer);
  const waiting = new Map<string, ApprovalRequested>();
  const own = new Set<string>();
  const listening = keyboard.listen({
    begins: () => held.hold(),
    ends(line) {
      held.release();
      if (line !== null) void obey(meaningOf(line, waiting.values().next().value ?? null));
    },
    interrupts: onInterrupt,
  });
  renderer.notice(TYPING_HINT);

  async function obey(line: TypedLine): Promise<void> {
    try {
      if (line.kind === "problem") held.renderer.notice(line.message);
      if (line.kind === "decide") {
        await client.decide(runId, { ...line.decision, by: userName() });
      }
      if (line.kind === "say") {
        const messageId = `msg_${randomUUID()}`;
        own.add(messageId);
        await client.say(runId, { text: line.text, mode: line.mode, by: userName(), messageId });
      }
    } catch (error) {
      held.renderer.notice(error instanceof Error ? error.message : String(error));
    }
  }

  function remember(event: RunEvent): void {
    if (event.type === "approval.requested") {
      waiting.set(event.callId, event);
      held.renderer.notice(APPROVAL_HINT);
    }
    if (event.type === "approval.decided") waiting.delete(event.callId);
  }

  return {
    renderer: {
      ...held.renderer,
      event(event) {
        // What was typed here stands on the screen already.
        const isOwn = event.type === "message.received" && own.has(event.messageId);
        if (!isOwn) held.renderer.event(event);
        remember(event);
        if (event.type === "run.ended") listening.stop();
      },
    },
    stop: () => {
      listening.stop();
      held.release();
    },
  };
}

interface HeldBack {
  readonly renderer: Renderer;
  hold(): void;
  release(): void;
}

function holdBack(inner: Renderer): HeldBack {
  let waiting: (() => void)[] | null = null;
  let patience: NodeJS.Timeout | undefined;

  function release(): void {
    clearTimeout(patience);
    const due = waiting ?? [];
    waiting = null;
    for (const show of due) show();
  }
  const later = (show: () => void): void => {
    if (waiting === null) show();
    else waiting.push(show);
  };
  return {
    release,
    hold() {
      inner.freshLine();
      waiting = [];
      patience = setTimeout(release, HELD_BACK_MS);
    },
    renderer: {
      event(event) {
        if (event.type === "run.ended") release();
        later(() => inner.event(event));
      },
      notice: (text) => later(() => inner.notice(text)),
      freshLine: () => later(() => inner.freshLine()),
      close: () => {
        release();
        inner.close();
      },
    },
  };
}
