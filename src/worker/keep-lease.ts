// Keeps the lease of this worker process alive, under all calls that it has open: renewed at every third of
// its time, so that two renewals may be lost. How long it lasts is reckoned from before a renewal was sent, so
// this worker never believes in a lease that has run out; its calls go on all the same, and count where nobody
// has taken them for dead by the time they end.

import { randomUUID } from "node:crypto";
import type { Leases, OwnLease } from "../store/leases.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

const RENEWED_WITHIN = 1 / 3;
const AGAIN_WITHIN = 1 / 20;
const AGAIN_MAX_MS = 1000;

export interface KeptLease extends OwnLease {
  /** For a worker that has closed its last attempt: what it left is dead at once. */
  end(): Promise<void>;
}

type State = "kept" | "late" | "out";

export function keepLease(leases: Leases, lastsMs: number, { emit }: Telemetry): KeptLease {
  const leaseId = randomUUID();
  let endsAtMs = Number.NEGATIVE_INFINITY;
  let state: State = "kept";
  let renewing: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = false;

  const endsInMs = (): number => Math.round(endsAtMs - performance.now());
  const again = (inMs: number): void => {
    clearTimeout(timer);
    if (!isEnded) timer = setTimeout(() => void renew().catch(() => undefined), inMs).unref();
  };
  const tellTrouble = (error: unknown): void => {
    const now: State = endsInMs() > 0 ? "late" : "out";
    if (state === now) return;
    state = now;
    emit({ event: "lease_not_renewed", leaseId, endsInMs: endsInMs(), error });
  };
  const renewOnce = async (): Promise<void> => {
    const sentAtMs = performance.now();
    try {
      await leases.renew(leaseId, lastsMs);
    } catch (error) {
      tellTrouble(error);
      again(Math.min(AGAIN_MAX_MS, lastsMs * AGAIN_WITHIN));
      throw error;
    }
    const lateByMs = Math.max(0, -endsInMs());
    endsAtMs = sentAtMs + lastsMs;
    if (state !== "kept") emit({ event: "lease_renewed", leaseId, lateByMs });
    state = "kept";
    again(lastsMs * RENEWED_WITHIN);
  };
  const renew = (): Promise<void> => {
    renewing ??= renewOnce().finally(() => (renewing = null));
    return renewing;
  };
  return {
    leaseId,
    async sure() {
      if (endsInMs() <= 0) await renew();
      return leaseId;
    },
    async end() {
      isEnded = true;
      clearTimeout(timer);
      await renewing?.catch(() => undefined);
      await leases.end(leaseId).catch(() => undefined);
    },
  };
}
