// What people may say to a run in flight. Handlers are registered before the first await and do
// nothing but note what was said; the loop in agent-run.ts decides when to hear it.
//
//   R7. What a person said is heard once, in the order in which it came; nothing accepted is dropped
//       while the run goes on, and an answered run that has not heard all of it goes on.

import { condition, defineSignal, log, setHandler, upsertMemo } from "@temporalio/workflow";
import { userMessage } from "../src/domain/message.ts";
import { UNREAD_MAX } from "../src/domain/run.ts";
import type { Entry } from "../src/domain/call.ts";
import type { UserMessage } from "../src/domain/run.ts";
import type { CarriedInbox } from "../src/domain/run-state.ts";
import { INBOX_FULL_MEMO, SIGNALS } from "../src/temporal/names.ts";

/** What one turn hears at most, beyond a first message: the rest comes with the turns behind it. */
const HEARD_AT_ONCE_CHARS = 65_536;
/** The unread travels to a fresh history in one payload with all else that the run remembers. */
const CARRIED_CHARS_MAX = 200_000;
/** A sender that repeats itself does so within seconds, not behind a thousand others. */
const IDS_CARRIED = 1000;

export interface Inbox {
  /** True while a person has paused the run. */
  isPaused(): boolean;
  /** Resolves true once somebody says `resume`; with a time, false when it is over or a cap was raised. */
  resumed(withinMs: number | null): Promise<boolean>;
  hasUnread(): boolean;
  /** The oldest unread messages, as the model will read them; they count as heard from now on. */
  hear(): readonly Entry[];
  /** Calls back when somebody wants the reply in flight to stop; null where none is in flight. */
  onInterrupt(stop: (() => void) | null): void;
  /** What a fresh history must know; null while that is more than fits. */
  carried(): CarriedInbox | null;
}

export function openInbox(pausedBefore: boolean, before: CarriedInbox | undefined): Inbox {
  let paused = pausedBefore;
  let resumes = 0;
  let looks = 0;
  let stop: (() => void) | null = null;
  const mail = openMail(before);
  setHandler(defineSignal(SIGNALS.pause), () => {
    paused = true;
  });
  setHandler(defineSignal(SIGNALS.resume), () => {
    paused = false;
    resumes += 1;
  });
  setHandler(defineSignal(SIGNALS.lookAgain), () => {
    looks += 1;
  });
  setHandler(defineSignal<[UserMessage]>(SIGNALS.say), (message) => {
    const isNew = mail.take(message);
    if (isNew && message.mode === "interrupt") stop?.();
  });
  return {
    isPaused: () => paused,
    hasUnread: () => mail.unread().length > 0,
    hear: () => mail.hear(),
    carried: () => mail.carried(),
    onInterrupt: (callback) => {
      stop = callback;
    },
    async resumed(withinMs) {
      const seen = resumes;
      const heard = (): boolean => resumes > seen;
      if (withinMs === null) {
        await condition(heard);
        return true;
      }
      const looked = looks;
      await condition(() => heard() || looks > looked, withinMs);
      return heard();
    },
  };
}

interface Mail {
  /** False where it was taken before, or where nobody could read it. */
  take(message: UserMessage): boolean;
  unread(): readonly UserMessage[];
  hear(): readonly Entry[];
  carried(): CarriedInbox | null;
}

function openMail(before: CarriedInbox | undefined): Mail {
  let unread: readonly UserMessage[] = before?.unread ?? [];
  let saidFull = before?.saidFull ?? false;
  const ids = new Set(before?.ids);

  /** Clients read the memo; it costs an event, so it is written when it changes. */
  function sayWhetherFull(): void {
    const isFull = unread.length >= UNREAD_MAX;
    if (isFull === saidFull) return;
    saidFull = isFull;
    upsertMemo({ [INBOX_FULL_MEMO]: isFull });
  }

  return {
    take(message) {
      const { messageId, text } = message;
      if (typeof messageId !== "string" || typeof text !== "string" || text.trim() === "") {
        log.warn("a message without text or id was not taken", { messageId });
        return false;
      }
      if (ids.has(messageId)) return false;
      ids.add(messageId);
      unread = [...unread, message];
      sayWhetherFull();
      return true;
    },
    unread: () => unread,
    hear() {
      const now = fitting(unread);
      unread = unread.slice(now.length);
      sayWhetherFull();
      return now.map(({ text }) => ({ message: userMessage(text.toWellFormed()) }));
    },
    carried() {
      if (charsOf(unread) > CARRIED_CHARS_MAX) return null;
      return { unread, ids: [...ids].slice(-IDS_CARRIED), saidFull };
    },
  };
}

/** At least one, so that no message can block those behind it. */
function fitting(unread: readonly UserMessage[]): readonly UserMessage[] {
  let chars = 0;
  const end = unread.findIndex(({ text }, index) => {
    chars += text.length;
    return index > 0 && chars > HEARD_AT_ONCE_CHARS;
  });
  return end === -1 ? unread : unread.slice(0, end);
}

function charsOf(messages: readonly UserMessage[]): number {
  return messages.reduce((sum, { text }) => sum + text.length, 0);
}
