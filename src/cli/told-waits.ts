// Says what is waited for where an answer takes long: a server that is away is tried again for half a minute, and
// nothing else would tell. Once for each time that it is away; whoever follows a run, or waits for its end, may wait
// as long as they like.

import type { RunClient } from "../client/run-client.ts";

/** Looking takes the rest of the five seconds after which whoever waits is told. */
const PATIENCE_MS = { untilLook: 3000, look: 2000 };

/** What takes its time by nature. */
const LONG = [
  "result",
  "batchClosed",
  "close",
  "away",
  "within",
] satisfies readonly (keyof RunClient)[];
const LONG_KEYS: readonly PropertyKey[] = LONG;

export function toldWaits(
  client: RunClient,
  say: (line: string) => void,
  { untilLook, look } = PATIENCE_MS,
): RunClient {
  let hasTold = false;

  const tell = async (isOver: () => boolean): Promise<void> => {
    const away = await client.away(look).catch(() => null);
    if (isOver() || hasTold) return;
    hasTold = true;
    say(
      away === null
        ? "Still waiting for an answer: Temporal and the database are there, and slow."
        : waitingText(away),
    );
  };

  async function watched<T>(answer: Promise<T>): Promise<T> {
    let isOver = false;
    const timer = setTimeout(() => void tell(() => isOver), untilLook);
    try {
      const answered = await answer;
      hasTold = false;
      return answered;
    } finally {
      isOver = true;
      clearTimeout(timer);
    }
  }

  return new Proxy(client, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function" || LONG_KEYS.includes(key)) return member;
      return (...given: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, given);
        return isPromise(answer) ? watched(answer) : answer;
      };
    },
  });
}

/** The same for one thing that one server is asked. */
export async function toldWhile<T>(
  server: string,
  answer: Promise<T>,
  say: (line: string) => void,
): Promise<T> {
  const afterMs = PATIENCE_MS.untilLook + PATIENCE_MS.look;
  const timer = setTimeout(() => say(waitingText(server)), afterMs);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

function waitingText(server: string): string {
  return `Waiting for ${server}: no answer yet. What it is: pawl doctor`;
}

function isPromise(answer: unknown): answer is Promise<unknown> {
  return typeof answer === "object" && answer !== null && "then" in answer;
}
