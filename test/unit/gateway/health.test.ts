// `healthy` means that a run which is sent now begins: what it needs is asked of, and nothing else makes it so.

import { describe, expect, test } from "@jest/globals";
import { createHealth, type HealthClient } from "../../../src/gateway/health.ts";
import { missingFor, unservedIn } from "../../../src/domain/missing-workers.ts";
import type { Fleet } from "../../../src/domain/fleet.ts";
import { PawlError } from "../../../src/domain/errors.ts";
import type { Database } from "../../../src/store/database.ts";
import { build, fleetWith, poller } from "../../support/fleets.ts";

const CONFIG = { provider: {}, proxy: {} } as Parameters<typeof createHealth>[2];
const SERVED = fleetWith([poller("1@a"), poller("2@a")]);

function clientWith(fleet: Fleet, more: Partial<HealthClient> = {}): HealthClient {
  const queue = {
    backlog: 0,
    workers: 0,
    unserved: unservedIn(fleet),
    missing: missingFor(fleet, "default"),
    fleet,
  };
  return {
    queue: async () => queue,
    stranded: async () => [],
    readStore: async () => {},
    within: async (_ms, work) => await work(),
    ...more,
  };
}

function databaseThat(answers: () => Promise<readonly object[]>): Database {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a database that answers everything alike
  return Object.assign(answers, { script: async () => {}, end: async () => {} }) as Database;
}

const WRITES = databaseThat(async () => []);

function refusing(sqlState: string): Database {
  const cause = Object.assign(new Error("no"), { code: sqlState });
  return databaseThat(async () => {
    throw new PawlError("LEDGER_UNAVAILABLE", "Postgres at host:5432: no", { cause });
  });
}

const reportOf = async (client: HealthClient, db: Database = WRITES) =>
  await createHealth(client, db, CONFIG).report();

describe("the health of what lies behind the gateway", () => {
  test("is healthy where all of it does what a new run needs, and says how many workers there are", async () => {
    const { status, checks } = await reportOf(clientWith(SERVED));
    expect(status).toBe("healthy");
    expect(checks["workers"]).toMatchObject({ status: "ok", detail: "2" });
  });

  test.each<readonly [string, Partial<HealthClient>, string]>([
    [
      "its store hangs",
      { readStore: async () => await new Promise<void>(() => {}) },
      "no answer in time",
    ],
    [
      "its store fails",
      { readStore: async () => await Promise.reject(new Error("14 UNAVAILABLE: host:5432")) },
      "it does not answer",
    ],
  ])("is unhealthy where Temporal answers and %s", async (_what, more, detail) => {
    const started = performance.now();
    const { status, checks } = await reportOf(clientWith(SERVED, more));
    expect(status).toBe("unhealthy");
    expect(checks["temporal"]).toMatchObject({ status: "failing", detail });
    expect(checks["workers"]).toMatchObject({ status: "ok" });
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test.each([
    ["25006", "it can only be read"],
    ["53100", "its disk is full"],
    ["08006", "it does not answer"],
  ])("is unhealthy where Postgres refuses a write with %s", async (sqlState, detail) => {
    const { status, checks } = await reportOf(clientWith(SERVED), refusing(sqlState));
    expect(status).toBe("unhealthy");
    expect(checks["postgres"]).toMatchObject({ status: "failing", detail });
  });

  test("is degraded where nobody may take a new run, whoever polls", async () => {
    const fleet = fleetWith([poller("1@a", { build: build("1") })]);
    const { status, checks } = await reportOf(clientWith(fleet));
    expect(status).toBe("degraded");
    expect(checks["workers"]?.detail).toMatch(/^no build is current, .*build 1/);
  });

  test("is degraded where open runs have lost their build", async () => {
    const stranded = async () =>
      [{ build: build("1"), runs: 3, unserved: ["core", "model", "tools"] }] as const;
    const { status, checks } = await reportOf(clientWith(SERVED, { stranded }));
    expect(status).toBe("degraded");
    expect(checks["versions"]).toMatchObject({
      status: "failing",
      detail: "3 open runs are pinned to build 1, which no worker serves",
    });
  });
});
