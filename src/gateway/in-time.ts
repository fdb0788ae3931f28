// Nobody waits for an answer for longer than ten seconds, whatever is away behind the gateway: its own page gives up after
// twice the time, and load balancers soon after.

import { PawlError } from "../domain/errors.ts";

export const ANSWER_WITHIN_MS = 9000;

/** Throws PawlError BACKEND_UNREACHABLE. What was asked for goes on, and nobody hears of it. */
export async function inTime<T>(work: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new PawlError("BACKEND_UNREACHABLE", `no answer within ${withinMs} ms`));
    }, withinMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
