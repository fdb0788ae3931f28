// A person types while they watch. What the run tells meanwhile waits until the line is over, and comes
// then; so neither mangles the other.

import { randomUUID } from "node:crypto";
import type { RunClient } from "../client/run-client.ts";
import type { ApprovalRequested, RunEvent } from "../domain/run-event.ts";
import { shownId } from "../domain/shown-text.ts";
import { callNumber } from "../domain/tool-call.ts";
import type { Keyboard } from "./keyboard.ts";
import type { Renderer } from "./renderer.ts";
import { isTrue, isWhole, notTrueText } from "./question.ts";
import { userName } from "./say.ts";
import {
  ANSWER_HINT,
  APPROVAL_HINT,
  meaningOf,
  TYPING_HINT,
  type TypedLine,
  type WaitingCall,
} from "./typed-line.ts";

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
  /** What stands on the screen: a word counts for that, and for nothing that has not been shown yet. */
  const waiting = new Map<string, WaitingCall>();
  const own = new Set<string>();
  const held = holdBack({
    event(event) {
      // What was typed here stands on the screen already.
      const isOwn = event.type === "message.received" && own.has(event.messageId);
      if (!isOwn) renderer.event(event);
      remember(event);
    },
    notice: (text) => renderer.notice(text),
    freshLine: () => renderer.freshLine(),
    close: () => renderer.close(),
  });
  const listening = keyboard.listen({
    begins: () => held.hold(),
    ends(line) {
      const meaning = line === null ? null : meaningOf(line, [...waiting.values()]);
      held.release();
      if (meaning?.kind === "problem") held.renderer.notice(meaning.message);
      else if (meaning !== null) void obey(meaning).catch(tell);
    },
    interrupts: onInterrupt,
  });
  const obey = obeying(client, runId, own);
  renderer.notice(TYPING_HINT);

  function tell(error: unknown): void {
    held.renderer.notice(error instanceof Error ? error.message : String(error));
  }

  function remember(event: RunEvent): void {
    const asked = waitingIn(event);
    if (asked !== null) {
      waiting.set(asked.callId, asked);
      renderer.notice(asked.asks === undefined ? APPROVAL_HINT : ANSWER_HINT);
    }
    if (event.type === "approval.decided" || event.type === "question.answered") {
      waiting.delete(event.callId);
    }
  }

  return {
    renderer: {
      ...held.renderer,
      event(event) {
        held.renderer.event(event);
        if (event.type === "run.ended") listening.stop();
      },
    },
    stop: () => {
      listening.stop();
      held.release();
    },
  };
}

/** `own`: the messages that were said here. */
function obeying(client: RunClient, runId: string, own: Set<string>) {
  return async (line: Exclude<TypedLine, { kind: "problem" }>): Promise<void> => {
    const by = userName();
    switch (line.kind) {
      case "nothing":
        return;
      case "decide":
        return void (await client.decide(runId, { ...line.decision, by }));
      case "answer":
        return void (await client.answer(runId, { ...line.answer, by }));
      case "say": {
        const messageId = `msg_${randomUUID()}`;
        own.add(messageId);
        const { text, mode } = line;
        return void (await client.say(runId, { text, mode, by, messageId }));
      }
    }
  };
}

function whyNotHere(call: ApprovalRequested): string | null {
  const { runId, callId } = call;
  if (!isTrue(call)) return notTrueText(call);
  if (isWhole(call)) return null;
  return `${callNumber(callId)} is too long to be shown here whole: pawl approve ${shownId(runId)} ${callId}`;
}

function waitingIn(event: RunEvent): WaitingCall | null {
  if (event.type === "approval.requested") {
    const { callId, argsDigest } = event;
    return { callId, argsDigest, problem: whyNotHere(event) };
  }
  if (event.type !== "question.asked") return null;
  const { callId, round, questions } = event;
  return { callId, argsDigest: "", asks: { round, questions }, problem: null };
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
