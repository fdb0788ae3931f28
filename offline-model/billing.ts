// The billing record: one JSON line for every request that costs money, on disk before the client can
// know the end of its reply. Tests hold it against Pawl's ledger, so its arithmetic is its own: it
// shares the price table with the ledger and nothing else.
// B1 One record per charged request, whatever becomes of the connection.
// B2 A record is fsynced before the last byte of its reply is sent.

import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { WEB_SEARCH_MICRO_USD, type Rates } from "../src/domain/prices.ts";
import type { ServedModel } from "./model-rules.ts";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
/** A link that somebody put in its place is not followed. */
const APPEND_AND_READ = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW;
const TOKENS_PER_RATE = 1_000_000n;

export interface BilledUsage {
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly outputTokens: number;
  readonly webSearchRequests: number;
}

export interface BillingRecord extends BilledUsage {
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly requestId: string;
  readonly userId: string | null;
  readonly runKey: string | null;
  readonly model: string;
  readonly costMicroUsd: number;
  /** `aborted`: the stream ended early. `lost`: all was generated and the client got none of it. */
  readonly status: "complete" | "aborted" | "lost";
  /** Half price. */
  readonly lane?: "batch";
}

export type Charge = Omit<BillingRecord, "seq" | "at" | "model" | "costMicroUsd">;

export interface BillingLog {
  append(model: ServedModel, charge: Charge): BillingRecord;
  records(): readonly BillingRecord[];
  clear(): void;
  close(): void;
}

/** Continues the file where an earlier server left it. */
export function openBilling(file: string | undefined, nowMs: () => number): BillingLog {
  const fd = file === undefined ? undefined : openSync(file, APPEND_AND_READ, 0o600);
  const records: BillingRecord[] = fd === undefined ? [] : readRecords(fd);
  return {
    append(model, charge) {
      const at = new Date(nowMs()).toISOString();
      const record: BillingRecord = {
        seq: (records.at(-1)?.seq ?? 0) + 1,
        at,
        ...charge,
        model: model.id,
        costMicroUsd: billedMicroUsd(charge, model, at),
      };
      records.push(record);
      if (fd !== undefined) {
        writeSync(fd, `${JSON.stringify(record)}\n`);
        fsyncSync(fd);
      }
      return record;
    },
    records: () => records,
    clear() {
      records.length = 0;
      if (fd !== undefined) ftruncateSync(fd);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
    },
  };
}

/** A line that a kill cut short was never fsynced, and its reply never ended: it is cut off. */
function readRecords(fd: number): BillingRecord[] {
  const text = readFileSync(fd, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) ftruncateSync(fd, Buffer.byteLength(whole));
  const lines = whole.split("\n").slice(0, -1);
  return lines.map((line): BillingRecord => JSON.parse(line));
}

/**
 * The exact sum in integers, rounded up once to the micro-USD; $10 per 1000 searches on top. In a batch
 * tokens cost half.
 */
export function billedMicroUsd(
  usage: BilledUsage & Pick<BillingRecord, "lane">,
  { spec }: ServedModel,
  at: string,
): number {
  const day = at.slice(0, 10);
  const dated = spec.prices.toSorted((a, b) => a.effectiveFrom.localeCompare(b.effectiveFrom));
  const price = dated.findLast(({ effectiveFrom }) => effectiveFrom <= day) ?? dated[0];
  if (price === undefined) throw new Error("a model without any price is in the price table");
  const { inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = usage;
  const prompt = inputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens;
  const band = price.longContext;
  const rates: Rates = band !== undefined && prompt > band.promptTokensOver ? band.rates : price;
  const parts: readonly (readonly [number, number])[] = [
    [inputTokens, rates.input],
    [cacheReadTokens, rates.cacheRead],
    [cacheWrite5mTokens, rates.cacheWrite5m],
    [cacheWrite1hTokens, rates.cacheWrite1h],
    [usage.outputTokens, rates.output],
  ];
  const scaled = parts.reduce((sum, [tokens, rate]) => sum + BigInt(tokens) * BigInt(rate), 0n);
  const perRate = usage.lane === "batch" ? 2n * TOKENS_PER_RATE : TOKENS_PER_RATE;
  const tokensMicroUsd = Number((scaled + perRate - 1n) / perRate);
  return tokensMicroUsd + usage.webSearchRequests * WEB_SEARCH_MICRO_USD;
}
