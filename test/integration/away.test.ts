// A server behind Pawl that answers nothing any more, or only from memory: the health says so, nobody waits for the
// gateway longer than ten seconds, and whoever waits for a command knows for what.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { runPawl, startPawl } from "../support/cli-process.ts";
import { ask, keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { NEEDS_STORE, standBefore, type HangingTemporal } from "../support/hanging-temporal.ts";
import { until } from "../support/processes.ts";
import { slowTest } from "../support/tier.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

/** Ten seconds by the gateway's own clock (src/gateway/in-time.ts); the rest is for a machine with other work. */
const NOBODY_WAITS_MS = 30_000;
/** Its first two seconds, on a machine with other work, are its own. */
const SAID_WITHIN_MS = 20_000;

interface SilentDatabase {
  readonly url: string;
  /** Whatever is sent gets no answer from now on. */
  silence(): void;
  recover(): void;
  close(): Promise<void>;
}

async function silentDatabase(url: string): Promise<SilentDatabase> {
  const { hostname, port } = new URL(url);
  let isSilent = false;
  const sockets = new Set<Socket>();
  const server = createServer((caller) => {
    const there = connect(Number(port), hostname);
    caller.on("data", (bytes) => void (isSilent || there.write(bytes)));
    there.on("data", (bytes) => void (isSilent || caller.write(bytes)));
    for (const socket of [caller, there]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        caller.destroy();
        there.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const there = new URL(url);
  there.hostname = "127.0.0.1";
  there.port = String((server.address() as AddressInfo).port);
  return {
    url: there.href,
    silence: () => void (isSilent = true),
    recover() {
      isSilent = false;
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let world: World;
let temporal: HangingTemporal;
let database: SilentDatabase;
let gateway: GatewayProcess;
let key: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  world = await openWorld();
  [temporal, database] = await Promise.all([
    standBefore(world.temporal.address),
    silentDatabase(world.database.url),
  ]);
  await world.startWorker();
  key = await keyFor(world, "test", "runs:read", "runs:write", "admin");
  env = { ...world.env, TEMPORAL_ADDRESS: temporal.address, DATABASE_URL: database.url };
  gateway = await startGateway({ env }, { door: "keys" });
}, 180_000);
afterAll(async () => {
  await gateway?.process.kill();
  await temporal?.close();
  await database?.close();
  await world?.close();
});
afterEach(() => {
  temporal.recover();
  database.recover();
});

async function health(): Promise<Record<string, unknown> | null> {
  return (await ask(gateway.url, "GET /health/deep", { key })).json;
}

async function timed<T>(work: Promise<T>): Promise<{ readonly it: T; readonly ms: number }> {
  const startedAt = performance.now();
  const it = await work;
  return { it, ms: performance.now() - startedAt };
}

function matches(value: unknown, expected: object): boolean {
  try {
    expect(value).toMatchObject(expected);
    return true;
  } catch {
    return false;
  }
}

const checks = (status: "ok" | "failing", detail: RegExp) => ({
  status,
  detail: expect.stringMatching(detail),
});

test("with all of it there it is healthy, and says how many workers there are", async () => {
  expect(await health()).toMatchObject({
    status: "healthy",
    checks: { workers: { status: "ok", detail: "1" }, versions: { status: "ok" } },
  });
});

describe("while Temporal's store is away", () => {
  test("the health says so, though the server answers, and is healthy again after", async () => {
    temporal.hang(NEEDS_STORE);
    const known = {
      status: "unhealthy",
      checks: { temporal: checks("failing", /no answer in time/), workers: { status: "ok" } },
    };
    // On a machine with other work a single answer of another part may be late as well.
    await until("it is known", async () => matches(await health(), known));
    temporal.recover();
    await until("it is healthy", async () => (await health())?.["status"] === "healthy");
  });

  slowTest("the gateway says 503 and when to come back within ten seconds", async () => {
    temporal.hang(NEEDS_STORE);
    const asked = ["GET /v1/runs", "GET /v1/runs/run_x", "GET /v1/runs/run_x/events"];
    const answers = await Promise.all([
      ...asked.map((target) => timed(ask(gateway.url, target, { key }))),
      timed(ask(gateway.url, "POST /v1/runs", { key, body: { task: "Wait." } })),
    ]);
    expect(answers.map(({ it }) => [it.status, it.json?.["code"]])).toEqual(
      answers.map(() => [503, "BACKEND_UNREACHABLE"]),
    );
    for (const { it, ms } of answers) {
      expect(ms).toBeLessThan(NOBODY_WAITS_MS);
      expect(Number(it.headers.get("retry-after"))).toBeGreaterThan(0);
    }
  });

  slowTest("a command says for what it waits, and does as asked when it is back", async () => {
    temporal.hang(NEEDS_STORE);
    for (const args of [["ls"], ["run", "What is 2+2?", "--detach"], ["show", "run_x"]]) {
      const command = startPawl(args, env);
      await command.said(`Waiting for Temporal at ${temporal.address}`, SAID_WITHIN_MS);
      command.signal("SIGKILL");
      await command.ended;
    }
    temporal.recover();
    expect(await runPawl(["ls"], env)).toMatchObject({ exitCode: 0 });
  });
});

describe("while the database says nothing", () => {
  slowTest("the health says so, and a key gets 503 within ten seconds", async () => {
    database.silence();
    const { it, ms } = await timed(ask(gateway.url, "GET /v1/usage", { key }));
    expect([it.status, Number(it.headers.get("retry-after")) > 0]).toEqual([503, true]);
    expect(ms).toBeLessThan(NOBODY_WAITS_MS);
  });
});

describe("a database that can only be read", () => {
  test("is unhealthy, though it answers, and healthy again after", async () => {
    const name = new URL(world.database.url).pathname.slice(1);
    const url = new URL(world.database.url);
    url.searchParams.set("options", "-cdefault_transaction_read_only=off");
    const admin = openDatabase(url.href, { connectionsMax: 1 });
    const setAll = async (change: string): Promise<void> => {
      await admin.script(`alter database ${name} ${change}`);
      await admin`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`;
    };
    await setAll("set default_transaction_read_only = on");
    const report = await until("it is known", async () => {
      const now = await health();
      return now?.["status"] === "unhealthy" && now;
    });
    expect(report).toMatchObject({ checks: { postgres: checks("failing", /only be read/) } });
    await setAll("reset default_transaction_read_only");
    await admin.end();
    await until("it is healthy", async () => (await health())?.["status"] === "healthy");
  });
});
