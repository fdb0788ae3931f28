// The lease of a worker: renewed in time, told where it is not, and never believed in once it has run out.

import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { PawlError } from "../../../src/domain/errors.ts";
import type { TelemetryEvent } from "../../../src/telemetry/event.ts";
import { keepLease, type KeptLease } from "../../../src/worker/keep-lease.ts";
import { SILENT } from "../../support/calls.ts";

const LASTS_MS = 3000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function kept() {
  const renewedAtMs: number[] = [];
  const told: TelemetryEvent[] = [];
  const ended: string[] = [];
  const store = { isAway: false };
  const leases = {
    async renew(_: string, lastsMs: number) {
      if (store.isAway) throw new PawlError("LEDGER_UNAVAILABLE", "it restarts");
      expect(lastsMs).toBe(LASTS_MS);
      renewedAtMs.push(performance.now());
    },
    end: async (leaseId: string) => void ended.push(leaseId),
  };
  const telemetry = { ...SILENT, emit: (event: TelemetryEvent) => void told.push(event) };
  const lease: KeptLease = keepLease(leases, LASTS_MS, telemetry);
  return { lease, store, renewedAtMs, told, ended };
}

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

describe("a lease", () => {
  test("is renewed at every third of its time, from its first use on", async () => {
    const { lease, renewedAtMs, told } = kept();
    expect(await lease.sure()).toBe(lease.leaseId);
    await pass(LASTS_MS);
    expect(renewedAtMs).toHaveLength(4);
    expect(told).toEqual([]);
  });

  test("that lasts is not asked for again", async () => {
    const { lease, renewedAtMs } = kept();
    await Promise.all([lease.sure(), lease.sure()]);
    await lease.sure();
    expect(renewedAtMs).toHaveLength(1);
  });

  test("is tried again where a renewal does not get through, which is told once, and when it has run out", async () => {
    const { lease, store, renewedAtMs, told } = kept();
    await lease.sure();
    store.isAway = true;
    await pass(2 * LASTS_MS);
    expect(told.map(({ event }) => event)).toEqual(["lease_not_renewed", "lease_not_renewed"]);
    store.isAway = false;
    await pass(LASTS_MS / 10);
    expect(renewedAtMs).toHaveLength(2);
    expect(told.at(-1)).toMatchObject({ event: "lease_renewed", leaseId: lease.leaseId });
  });

  test("that has run out is renewed before anybody is told that it lasts", async () => {
    const { lease, store } = kept();
    await lease.sure();
    store.isAway = true;
    await pass(LASTS_MS + 1);
    await expect(lease.sure()).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
    store.isAway = false;
    expect(await lease.sure()).toBe(lease.leaseId);
  });

  test("is ended once, and renewed no more", async () => {
    const { lease, renewedAtMs, ended } = kept();
    await lease.sure();
    await lease.end();
    await pass(2 * LASTS_MS);
    expect(ended).toEqual([lease.leaseId]);
    expect(renewedAtMs).toHaveLength(1);
  });
});
