// How often one caller is heard: per key, and per address for whoever has none. A key that is right is heard
// however many guesses come from beside it; only ids that nobody has are counted as guesses.

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { RateLimitedError } from "./problem.ts";

export interface RateLimit {
  /** Throws RateLimitedError. */
  take(caller: string): Promise<void>;
  /** A key that nobody has was presented. Throws RateLimitedError where this network has done so too often. */
  noteGuess(network: string): Promise<void>;
}

const GUESSES_PER_MINUTE = 60;

export function createRateLimit(requestsPerMinute: number): RateLimit {
  const requests = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const guesses = new RateLimiterMemory({ points: GUESSES_PER_MINUTE, duration: 60 });
  return {
    async take(caller) {
      await requests.consume(caller).catch(refuse);
    },
    async noteGuess(network) {
      await guesses.consume(network).catch(refuse);
    },
  };
}

function refuse(reason: unknown): never {
  if (!(reason instanceof RateLimiterRes)) throw reason;
  throw new RateLimitedError(Math.max(1, Math.ceil(reason.msBeforeNext / 1000)));
}
