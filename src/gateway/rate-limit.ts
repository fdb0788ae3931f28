// How often one caller is heard: per key, and per address for whoever has none. Bad keys are counted
// per address before they are looked at, so that guessing is slow and costs the database little.

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { RateLimitedError } from "./problem.ts";

export interface RateLimit {
  /** Throws RateLimitedError. */
  take(caller: string): Promise<void>;
  /** Throws RateLimitedError where this address has presented too many bad keys. */
  checkRefusals(address: string): Promise<void>;
  noteRefusal(address: string): Promise<void>;
}

const REFUSALS_PER_MINUTE = 60;

export function createRateLimit(requestsPerMinute: number): RateLimit {
  const requests = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const refusals = new RateLimiterMemory({ points: REFUSALS_PER_MINUTE, duration: 60 });
  return {
    async take(caller) {
      await requests.consume(caller).catch(refuse);
    },
    async checkRefusals(address) {
      const before = await refusals.get(network(address));
      if (before !== null && before.remainingPoints <= 0) refuse(before);
    },
    async noteRefusal(address) {
      await refusals.consume(network(address)).catch(() => undefined);
    },
  };
}

function refuse(reason: unknown): never {
  if (!(reason instanceof RateLimiterRes)) throw reason;
  throw new RateLimitedError(Math.max(1, Math.ceil(reason.msBeforeNext / 1000)));
}

/** One household has a whole /64 of IPv6 addresses. */
function network(address: string): string {
  return address.includes(":") && !address.includes(".")
    ? address.split(":").slice(0, 4).join(":")
    : address;
}
