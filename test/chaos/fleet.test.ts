// A fleet on shared caps: many runs of several models and tenants while workers and Postgres are killed and
// the provider fails. `npm run test:nightly` makes it 1,000 runs, 30 worker kills and 5 of Postgres.

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { TIERS } from "../../src/domain/prices.ts";
import { plantCheckThenAdd } from "../support/plant-in-books.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { until, type Process } from "../support/processes.ts";
import { ROUNDS } from "../support/tier.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openWorld, type World } from "../support/world.ts";

const WHOLE = { runs: 1000, workerKills: 30, postgresKills: 5 };
const SMALL = { runs: 80, workerKills: 3, postgresKills: 1 };
const { runs: RUNS, ...PLAN } = ROUNDS > 1 ? WHOLE : SMALL;
const WORKERS = 3;
const OTHERS = 10;
const CROWD = "crowd";
/** Half of the runs are on one cap, the others on ten of their own; each run would like about ten times as much. */
const MICRO_USD_A_RUN = 10_000;
const CROWD_CAP_MICRO_USD = (RUNS / 2) * MICRO_USD_A_RUN;
const OTHER_CAP_MICRO_USD = CROWD_CAP_MICRO_USD / OTHERS;
/** The last call that a small cap can't pay leaves more of it unused. */
const USED_MIN = ROUNDS > 1 ? 0.85 : 0.7;
const MODELS = [TIERS.simple, TIERS.medium, TIERS.simple, TIERS.medium, TIERS.complex];
const WITHIN_MS = 180_000 + RUNS * 2000;

const CALL = { name: "calculator", input: { expression: "6*7" } };
const STEP = { text: "I am on it. ".repeat(40), toolCalls: [CALL] };

let postgres: PostgresServer;
let world: World;

beforeEach(async () => {
  postgres = await startPostgres({ fsync: true });
  await migrate(postgres.url);
  world = await openWorld({
    database: postgres,
    chunkDelayMs: 5,
    env: {
      PAWL_TENANT_DAY_CAP_USD: String(OTHER_CAP_MICRO_USD / 1e6),
      PAWL_RETRY_MAX_ATTEMPTS: "100",
      PAWL_AGENT_MAX_REPLY_TOKENS: "400",
      PAWL_AGENT_MAX_TOKENS: "100000000",
      PAWL_AGENT_MAX_CALLS: "1000",
      PAWL_AGENT_MAX_TOOL_CALLS: "1000",
      PAWL_HEARTBEAT_TIMEOUT_MS: "5000",
      PAWL_FIRST_BYTE_TIMEOUT_MS: "30000",
      PAWL_IDLE_TIMEOUT_MS: "30000",
      PAWL_PROGRESS_TIMEOUT_MS: "30000",
      PAWL_CALL_TIMEOUT_MS: "60000",
    },
  });
  await watchCaps();
  await world.client.setBudget(
    { scope: "tenant_day", tenant: CROWD },
    { microUsd: CROWD_CAP_MICRO_USD },
  );
  await world.model.script([{ times: 1_000_000, reply: STEP }]);
}, 180_000);
afterEach(async () => {
  await world?.close();
  await postgres?.stop();
}, 60_000);

interface Started {
  readonly runId: string;
  readonly tenant: string;
}

const startAll = async (count: number, tenantOf: (n: number) => string): Promise<Started[]> =>
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const tenant = tenantOf(n);
      const model = MODELS[n % MODELS.length] ?? TIERS.simple;
      const { runId } = await world.client.start({ task: "Work.", tenant, session: "s", model });
      return { runId, tenant };
    }),
  );

/** What the provider has billed each tenant, and the most that a tenant was ever over its cap. */
async function billedBy(runs: readonly Started[], capOf: (tenant: string) => number) {
  const tenantOf = new Map(runs.map(({ runId, tenant }) => [runId, tenant]));
  const billed = new Map<string, number>();
  let overMicroUsd = 0;
  for (const { runKey, costMicroUsd } of await world.model.billing()) {
    const tenant = tenantOf.get(runKey ?? "") ?? "";
    const sum = (billed.get(tenant) ?? 0) + costMicroUsd;
    billed.set(tenant, sum);
    overMicroUsd = Math.max(overMicroUsd, sum - capOf(tenant));
  }
  return { billed, overMicroUsd };
}

const capOf = (tenant: string): number =>
  tenant === CROWD ? CROWD_CAP_MICRO_USD : OTHER_CAP_MICRO_USD;

/** Kills now a worker, now Postgres, at moments that the bill sets, until the plan is carried out or all is over. */
async function havoc(workers: Process[], isOver: () => boolean): Promise<typeof PLAN> {
  const left = { ...PLAN };
  const billEach = (RUNS * 2) / (PLAN.workerKills + PLAN.postgresKills);
  let aim = 0;
  while (left.workerKills + left.postgresKills > 0 && !isOver()) {
    aim += billEach * Math.random() * 2;
    await until(
      "more is bought",
      async () => isOver() || (await world.model.billing()).length >= aim,
      WITHIN_MS,
    );
    const every = Math.ceil(PLAN.workerKills / PLAN.postgresKills);
    if (left.postgresKills > 0 && left.workerKills % every === 0) {
      await postgres.crash();
      await postgres.start();
      left.postgresKills -= 1;
    }
    await workers.shift()?.kill();
    left.workerKills -= 1;
    workers.push(await world.startWorker());
  }
  return left;
}

/** Seen at each write of an account, and not by looking now and then. */
async function watchCaps(): Promise<void> {
  await world.db.script(`
    create table public.cap_passed (key text);
    create function public.watch_cap() returns trigger language plpgsql as $$
    begin
      if new.spent + new.held + new.feared > new.cap then insert into public.cap_passed values (new.key); end if;
      return new;
    end $$;
    create trigger watch_cap after update on pawl.account for each row execute function public.watch_cap();`);
}

async function capsPassed(): Promise<number> {
  const rows = await world.db`select key from public.cap_passed`;
  return rows.length;
}

describe("a fleet on shared caps", () => {
  test(
    `${RUNS} runs of eleven tenants: billed <= cap at every record, nothing stays held, no run is stuck`,
    async () => {
      await world.model.faults([
        { kind: "overloaded", times: 1_000_000, share: 0.02 },
        { kind: "stream_error", times: 1_000_000, share: 0.01 },
        { kind: "truncate", where: "before_stop", times: 1_000_000, share: 0.01 },
      ]);
      const workers = await Promise.all(Array.from({ length: WORKERS }, () => world.startWorker()));
      const startedAtMs = Date.now();
      const runs = await startAll(RUNS, (n) =>
        n % 2 === 0 ? CROWD : `other-${(n >> 1) % OTHERS}`,
      );
      let isOver = false;
      const ending = Promise.all(runs.map(({ runId }) => world.client.result(runId)));
      const killing = havoc(workers, () => isOver);
      const results = await ending;
      isOver = true;
      const left = await killing;

      for (const { outcome, modelCalls, crashTaxUsd } of results) {
        // All that it has paid for was lost, before the others had used the rest.
        if (modelCalls === 0 && crashTaxUsd > 0 && outcome.kind === "failed") continue;
        expect(outcome).toMatchObject({ kind: "stopped", limit: "tenant_day" });
      }
      const { billed, overMicroUsd } = await billedBy(runs, capOf);
      expect(overMicroUsd).toBe(0);
      const accounts = await world.db<{ tenant: string; spent: number; held: number }>`
        select split_part(key, '/', 2) as tenant, (spent + feared)::float8 as spent,
          held::float8 as held
        from pawl.account where key like 'tenant/%/____-__-__'`;
      expect(accounts).toHaveLength(OTHERS + 1);
      for (const { tenant, spent, held } of accounts) {
        expect(held).toBe(0);
        expect(spent).toBeGreaterThanOrEqual(billed.get(tenant) ?? 0);
        expect(spent).toBeLessThanOrEqual(capOf(tenant));
      }
      const total = (numbers: Iterable<number>): number =>
        [...numbers].reduce((sum, next) => sum + next, 0);
      const spent = total(accounts.map((account) => account.spent));
      expect(total(results.map(({ costUsd }) => Math.round(costUsd * 1e6)))).toBe(spent);
      const used = spent / (CROWD_CAP_MICRO_USD * 2);
      const crashTax = total(results.map(({ crashTaxUsd }) => Math.round(crashTaxUsd * 1e6)));
      process.stderr.write(
        `fleet: ${RUNS} runs, ${PLAN.workerKills - left.workerKills} workers and ` +
          `${PLAN.postgresKills - left.postgresKills} times Postgres killed: caps of ` +
          `${CROWD_CAP_MICRO_USD * 2}, spent ${spent} (${(used * 100).toFixed(1)} %), billed ` +
          `${total(billed.values())}, crash tax ${crashTax} micro-USD, ` +
          `${Date.now() - startedAtMs} ms\n`,
      );
      expect(await capsPassed()).toBe(0);
      expect(left).toEqual({ workerKills: 0, postgresKills: 0 });
      expect(used).toBeGreaterThanOrEqual(USED_MIN);
    },
    WITHIN_MS,
  );

  test(
    "with check-then-add planted a cap is passed: this test can fail",
    async () => {
      await plantCheckThenAdd(world.db);
      const cap = 15_000;
      await world.client.setBudget({ scope: "tenant_day", tenant: CROWD }, { microUsd: cap });
      await Promise.all(Array.from({ length: WORKERS }, () => world.startWorker()));
      await startAll(60, () => CROWD);
      await until("a cap is passed", async () => (await capsPassed()) > 0, WITHIN_MS);
    },
    WITHIN_MS,
  );
});
