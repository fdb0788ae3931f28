// What `pawl cost` says, against the provider's own bill, after crashes and retries.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { BillingRecord } from "../../offline-model/billing.ts";
import type { Usage } from "../../src/domain/usage.ts";
import { until } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

const RUNS = Number(process.env["PAWL_TEST_RUNS"] ?? 24);
const KILLS = 3;
const CALL = { name: "calculator", input: { expression: "6*7" } };
const MODELS = ["claude-haiku-5-5", "claude-sonnet-5-5"] as const;

let world: World;

beforeAll(async () => {
  world = await openWorld({ chunkDelayMs: 5, env: { PAWL_RETRY_MAX_ATTEMPTS: "20" } });
}, 180_000);
afterAll(() => world?.close(), 60_000);

/** What is the same in a bill and in our books, if they speak of one reply. */
function mark(
  of: Usage & { readonly runKey: string | null; readonly costMicroUsd: number },
): string {
  const { inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = of;
  const prompt = [inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens];
  return JSON.stringify([of.runKey, ...prompt, of.outputTokens, of.costMicroUsd]);
}

interface Paid {
  readonly runKey: string;
  readonly usage: Usage;
  readonly costMicroUsd: number;
}

async function settledIn({ db }: World): Promise<readonly Paid[]> {
  return await db<Paid>`
    select run_id as "runKey", spent::bigint as "costMicroUsd", jsonb_build_object('inputTokens', input_tokens,
      'cacheReadTokens', cache_read_tokens, 'cacheWrite5mTokens', cache_write_5m_tokens,
      'cacheWrite1hTokens', cache_write_1h_tokens, 'outputTokens', output_tokens,
      'webSearchRequests', web_search_requests) as usage
    from pawl.call where state = 'settled'`;
}

interface Known {
  readonly runKey: string;
  readonly model: string;
  readonly costMicroUsd: number;
}

/** Of replies that were lost, what the provider had counted before: it is spent, and part of what they cost. */
async function knownOfLost({ db }: World): Promise<readonly Known[]> {
  return await db<Known>`
    select run_id as "runKey", model, spent::bigint as "costMicroUsd" from pawl.call
    where state <> 'settled' and spent > 0`;
}

const costOf = (records: readonly { readonly costMicroUsd: number }[]): number =>
  records.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0);

test(
  "what is spent is the bill for the replies that arrived, and for what is known of the lost, to the micro-dollar, in every grouping",
  async () => {
    const { client, model } = world;
    await model.script(
      Array.from({ length: RUNS * 4 }, (_, n) => ({
        reply: n % 3 === 2 ? { textBytes: 90 + 7 * n } : { text: `${n}`, toolCalls: [CALL] },
        times: 3,
      })),
    );
    await model.faults([
      { kind: "overloaded" },
      { kind: "truncate", where: "before_stop" },
      { kind: "stream_error" },
      { kind: "answer_lost" },
      { kind: "reset_after_headers" },
    ]);
    let worker = await world.startWorker();
    const runIds = await Promise.all(
      Array.from({ length: RUNS }, async (_, n) => {
        const { runId } = await client.start({
          task: "Work.",
          tenant: `tenant-${n % 2}`,
          session: `session-${n % 3}`,
          model: MODELS[n % 2] ?? MODELS[0],
          limits: { replyTokens: 600 },
        });
        return runId;
      }),
    );
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const billed = (await model.billing()).length;
      await until("more is bought", async () => (await model.billing()).length > billed + 3);
      await worker.kill();
      worker = await world.startWorker();
    }
    await Promise.all(runIds.map((runId) => client.result(runId)));

    const bill = await model.billing();
    const unmatched = new Map<string, BillingRecord[]>();
    for (const record of bill) {
      unmatched.set(mark(record), [...(unmatched.get(mark(record)) ?? []), record]);
    }
    const arrived: BillingRecord[] = [];
    for (const settled of await settledIn(world)) {
      const record = unmatched.get(mark({ ...settled.usage, ...settled }))?.pop();
      // Each reply in our books is one on the bill, with the same tokens and the same cost.
      expect(record).toBeDefined();
      if (record !== undefined) arrived.push(record);
    }
    const lost = [...unmatched.values()].flat();
    const known = await knownOfLost(world);
    expect(costOf(known)).toBeLessThanOrEqual(costOf(lost));
    const paid = [...arrived, ...known];

    const { total } = await client.usage({ by: "run", limit: 1000 });
    expect(total.spentMicroUsd).toBe(costOf(paid));
    expect(total.fearedMicroUsd + costOf(known)).toBeGreaterThanOrEqual(costOf(lost));
    expect(costOf(arrived) + costOf(lost)).toBe(costOf(bill));
    expect(total).toMatchObject({ runs: RUNS, calls: arrived.length, heldMicroUsd: 0 });
    expect(total.fearedMicroUsd).toBeGreaterThan(0);
    expect(total.tokens.outputTokens).toBe(arrived.reduce((n, r) => n + r.outputTokens, 0));

    for (const row of (await client.usage({ by: "run", limit: 1000 })).rows) {
      const own = paid.filter(({ runKey }) => runKey === row.name);
      expect(row.spentMicroUsd).toBe(costOf(own));
      expect(row.budget).toMatchObject({ capMicroUsd: 1_000_000 });
      expect(row.budget?.leftMicroUsd).toBe(1_000_000 - row.spentMicroUsd - row.fearedMicroUsd);
    }
    const byModel = await client.usage({ by: "model" });
    for (const { name, spentMicroUsd } of byModel.rows) {
      const own = paid.filter((record) => record.model === name);
      expect(spentMicroUsd).toBe(costOf(own));
    }
    for (const by of ["session", "tenant", "agent", "day"] as const) {
      const used = await client.usage({ by });
      expect(used.total).toEqual(total);
      expect(used.rows.reduce((n, row) => n + row.spentMicroUsd, 0)).toBe(total.spentMicroUsd);
    }
    process.stderr.write(
      `usage: ${RUNS} runs, ${KILLS} kills: ${total.attempts} attempts, ${total.calls} replies; ` +
        `billed ${costOf(bill)} = ${costOf(arrived)} arrived + ${costOf(lost)} lost; ` +
        `spent ${total.spentMicroUsd}, feared ${total.fearedMicroUsd} micro-USD\n`,
    );
    const calls = await client.recordedCalls({});
    expect(calls.reduce((n, { paidMicroUsd }) => n + paidMicroUsd, 0)).toBe(costOf(arrived));
  },
  120_000 + RUNS * 10_000,
);
