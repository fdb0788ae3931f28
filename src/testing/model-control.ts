// What a test says to an offline model that runs, and asks of it: replies and faults on order, and the record of what
// it was asked and what it charged, which is the only truth about that.

import type { BillingRecord } from "../../offline-model/billing.ts";

export interface ModelControl {
  script(entries: readonly object[]): Promise<void>;
  faults(faults: readonly object[]): Promise<void>;
  /** A minute, of each model; none where it is empty. */
  limits(limits: {
    requests?: number;
    inputTokens?: number;
    outputTokens?: number;
    filled?: number;
  }): Promise<void>;
  pace(chunkDelayMs: number, chunkChars?: number): Promise<void>;
  /** How the batch lane works off what comes, and what has come. */
  batchLane(settings: { delayMs?: number; fates?: readonly object[] }): Promise<void>;
  batches(): Promise<readonly BatchSeen[]>;
  /** The cache takes it to be so much later. */
  ahead(byMs: number): Promise<void>;
  release(which?: { id?: string; runKey?: string }): Promise<void>;
  billing(runId?: string): Promise<readonly BillingRecord[]>;
  billedMicroUsd(runId?: string): Promise<number>;
  requests(): Promise<readonly ModelRequestSeen[]>;
  reset(): Promise<void>;
}

export interface BatchSeen {
  readonly id: string;
  readonly processing_status: string;
  readonly cancel_initiated_at: string | null;
  readonly customIds: readonly string[];
}

export interface ModelRequestSeen {
  readonly id: string;
  readonly runKey: string | null;
  readonly model?: string;
  /** ISO 8601: when it came in. */
  readonly at: string;
  readonly state: string;
  /** The kind of the fault that it met. */
  readonly fault?: string | null;
  readonly eventsSent: number;
  /** As it was received; absent for all but the newest 200. */
  readonly body?: {
    readonly messages: readonly unknown[];
    readonly system?: unknown;
    readonly tools?: unknown;
  };
}

export function modelControl(url: string): ModelControl {
  const admin = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}/admin${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} /admin${path}: ${JSON.stringify(answer)}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's word
    return answer as T;
  };
  const billing = async (runId?: string): Promise<readonly BillingRecord[]> => {
    const { records } = await admin<{ records: BillingRecord[] }>("GET", "/billing");
    return runId === undefined ? records : records.filter(({ runKey }) => runKey === runId);
  };
  return {
    billing,
    script: async (entries) => void (await admin("PUT", "/script", entries)),
    faults: async (faults) => void (await admin("PUT", "/faults", faults)),
    limits: async (limits) => void (await admin("PUT", "/limits", limits)),
    pace: async (delayMs, chunkChars) =>
      void (await admin("PUT", "/pace", {
        chunkDelayMs: delayMs,
        ...(chunkChars === undefined ? {} : { chunkChars }),
      })),
    batchLane: async (settings) => void (await admin("PUT", "/batches", settings)),
    batches: async () => (await admin<{ batches: BatchSeen[] }>("GET", "/batches")).batches,
    ahead: async (byMs) => void (await admin("PUT", "/clock", { aheadMs: byMs })),
    release: async (which = {}) => void (await admin("POST", "/release", which)),
    requests: async () =>
      (await admin<{ requests: ModelRequestSeen[] }>("GET", "/requests")).requests,
    reset: async () => void (await admin("DELETE", "")),
    billedMicroUsd: async (runId) =>
      (await billing(runId)).reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0),
  };
}
