// The local stack with the real Temporal and the real PGlite, from the built code. The worker is left
// out: its own tests have it.

import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { stopStack } from "../../src/dev/ensure-stack.ts";
import { inspect } from "../../src/dev/doctor.ts";
import type { PartName } from "../../src/dev/part.ts";
import { isAlive, markOf } from "../../src/dev/process-mark.ts";
import { liveStack } from "../../src/dev/stack-state.ts";
import { countOpenRuns, servesNamespace } from "../../src/dev/temporal-client.ts";
import { localAccess } from "../../src/temporal/access.ts";
import { openDatabase, type Database } from "../../src/store/database.ts";
import {
  endRun,
  isOpen,
  openStackFolder,
  PLAIN_ENV,
  queryStack,
  startRun,
  type StackFolder,
} from "../support/local-stack.ts";
import { until } from "../support/processes.ts";

let stack: StackFolder;
let stateDir: string;
const ensure: StackFolder["ensure"] = (change) => stack.ensure(change);

beforeEach(() => {
  stack = openStackFolder();
  ({ stateDir } = stack);
});
afterEach(() => stack.close());

function childPid(part: PartName): number | undefined {
  return liveStack(stateDir)?.children[part];
}

async function killPart(part: PartName): Promise<void> {
  const before = childPid(part);
  if (before === undefined) throw new Error(`${part} does not run`);
  process.kill(before, "SIGKILL");
  await until(`${part} is another process`, () => {
    const now = childPid(part);
    return now !== undefined && now !== before;
  });
}

test("K3: a stopped stack leaves no process, and the next one finds the runs and rows of the first", async () => {
  const first = await ensure();
  await startRun(first, "before-the-stop");
  await queryStack(first, "create table kept (n int)");
  await queryStack(first, "insert into kept values (7)");
  expect(await stopStack(stateDir)).toBe("stopped");
  expect(stack.living()).toEqual([]);
  expect(await stopStack(stateDir)).toBe("not_running");

  const second = await ensure();
  expect(second.temporalAddress).toBe(first.temporalAddress);
  expect(second.databaseUrl).toBe(first.databaseUrl);
  expect(await isOpen(second, "before-the-stop")).toBe(true);
  expect(await queryStack(second, "select n from kept")).toEqual([{ n: 7 }]);
});

test("K2: a Temporal or Postgres that is killed comes back at its address with what it knew", async () => {
  const state = await ensure();
  await startRun(state, "before-the-kill");
  await queryStack(state, "create table kept (n int)");
  await queryStack(state, "insert into kept values (7)");
  await Promise.all([killPart("temporal"), killPart("postgres")]);

  const target = localAccess(state.temporalAddress, "default");
  await until("Temporal serves again", () => servesNamespace(target));
  expect(await isOpen(state, "before-the-kill")).toBe(true);
  const rows = await until("Postgres serves again", () =>
    queryStack(state, "select n from kept").catch(() => false),
  );
  expect(rows).toEqual([{ n: 7 }]);
  expect(await ensure()).toMatchObject({ pid: state.pid, temporalAddress: state.temporalAddress });
});

test("K1: two commands at once get the same stack", async () => {
  const parts = ["temporal"] as const;
  const [one, other] = await Promise.all([ensure({ parts }), ensure({ parts })]);
  expect(one.pid).toBe(other.pid);
  expect((await ensure({ parts })).pid).toBe(one.pid);
});

test("after a supervisor was killed, the next command ends what it left and starts on the same state", async () => {
  const first = await ensure();
  await startRun(first, "before-the-kill");
  const left = Object.values(first.children).flatMap((pid) => markOf(pid) ?? []);
  process.kill(first.pid, "SIGKILL");
  await until("the supervisor is gone", () => liveStack(stateDir) === undefined);
  expect(left.filter(isAlive)).toHaveLength(2);

  const second = await ensure();
  expect(left.filter(isAlive)).toEqual([]);
  expect(second.temporalAddress).toBe(first.temporalAddress);
  expect(await isOpen(second, "before-the-kill")).toBe(true);
});

test("a remembered port that somebody else took is given up for a free one", async () => {
  const parts = ["temporal"] as const;
  const first = await ensure({ parts });
  await stopStack(stateDir);
  const intruder = await listen(Number(first.temporalAddress.split(":")[1]));
  try {
    const second = await ensure({ parts });
    expect(second.temporalAddress).not.toBe(first.temporalAddress);
  } finally {
    intruder.close();
  }
});

test("K8: who starts a run with other settings restarts a stack in which no run is open", async () => {
  const parts = ["temporal"] as const;
  const said: string[] = [];
  const onProgress = (line: string): void => void said.push(line);
  const first = await ensure({ parts });
  const second = await ensure({ parts, env: { PAWL_RUN_CAP_USD: "2" }, onProgress });
  expect(second.pid).not.toBe(first.pid);
  expect(isAlive(first)).toBe(false);
  expect(said[0]).toBe(
    "Restarting the local stack, in which no run is open, since these differ: PAWL_RUN_CAP_USD …",
  );
});

test("K8: under an open run no difference restarts the stack, and it is said what differs", async () => {
  const parts = ["temporal"] as const;
  const said: string[] = [];
  const first = await ensure({ parts });
  await startRun(first, "still-open");
  const env = { PAWL_RUN_CAP_USD: "2", ANTHROPIC_API_KEY: "sk-hunter2" };
  const second = await ensure({ parts, env, onProgress: (line) => said.push(line) });
  expect(second.pid).toBe(first.pid);
  expect(said).toEqual([
    "The local stack keeps its settings, as a run is open in it. These are others here: " +
      "ANTHROPIC_API_KEY, PAWL_RUN_CAP_USD; so the offline model answers, and not the real one; to take them: pawl restart",
  ]);
});

test("K7: who reads or steers takes the stack as it runs, whatever is set, and is told nothing", async () => {
  const parts = ["temporal"] as const;
  const said: string[] = [];
  const onProgress = (line: string): void => void said.push(line);
  const first = await ensure({ parts });
  for (const env of [{ PAWL_LOG_LEVEL: "debug" }, { ANTHROPIC_API_KEY: "sk-1" }, {}]) {
    expect((await ensure({ parts, env, to: "use", onProgress })).pid).toBe(first.pid);
  }
  expect(said).toEqual([]);
});

test("K9: of two commands with other settings that start a stack at once, one is told", async () => {
  const parts = ["temporal"] as const;
  const said: string[] = [];
  const onProgress = (line: string): void => void said.push(line);
  const shells = ["1.5", "2.5"].map((cap) =>
    ensure({ parts, env: { PAWL_RUN_CAP_USD: cap }, onProgress }),
  );
  const [one, other] = await Promise.all(shells);
  expect(one?.pid).toBe(other?.pid);
  expect(said.filter((line) => line.includes("another command started it"))).toHaveLength(1);
});

test("what is empty in the environment changes nothing of a stack", async () => {
  const parts = ["temporal"] as const;
  const env = { PAWL_TASK_QUEUE: "", PAWL_LOG_FILE: "", PAWL_RUNCAP: "", TMPDIR: "" };
  const first = await ensure({ parts, env });
  expect((await ensure({ parts })).pid).toBe(first.pid);
});

test.each(["a#b", "what?", "Project #1 (50 %)", "C# & 'co'"])(
  "in a folder called %s all is kept in it, and found again",
  async (name) => {
    const odd = openStackFolder(name);
    try {
      const first = await odd.ensure();
      await startRun(first, "before-the-stop");
      await queryStack(first, "create table kept (n int)");
      await stopStack(odd.stateDir);
      const second = await odd.ensure();
      expect(await isOpen(second, "before-the-stop")).toBe(true);
      expect(await queryStack(second, "select n from kept")).toEqual([]);
      expect(readdirSync(odd.stateDir)).toContain("temporal.db");
      expect(readdirSync(dirname(odd.stateDir))).toEqual([name]);
    } finally {
      await odd.close();
    }
  },
);

test("behind a proxy the stack talks to itself without it", async () => {
  const env = { http_proxy: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9" };
  Object.assign(process.env, env);
  try {
    const state = await ensure({ parts: ["temporal"], env });
    expect(await countOpenRuns(localAccess(state.temporalAddress, "default"))).toBe(0);
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
  }
});

test("K7: what stands in a stopped stack's folder is taken up by whoever starts it, whatever for", async () => {
  const first = await ensure({ parts: ["temporal"], env: { PAWL_RUN_CAP_USD: "2" } });
  await startRun(first, "before-the-stop");
  await stopStack(stateDir);
  expect(await isOpen(await ensure({ parts: ["temporal"], to: "use" }), "before-the-stop")).toBe(
    true,
  );
});

test("K4: a stack without an open run ends by itself; an open run keeps it", async () => {
  const kept = await ensure({
    env: { PAWL_STACK_IDLE_MINUTES: "0.05" },
    parts: ["temporal"],
  });
  await startRun(kept, "still-open");
  const askedAt = Date.now();
  await until("the idle time has passed", () => Date.now() - askedAt > 4500);
  expect(liveStack(stateDir)?.pid).toBe(kept.pid);
  await endRun(kept, "still-open");
  await until("it ended", () => liveStack(stateDir) === undefined && !isAlive(kept));
});

test("a part that can't start ends the stack, and the command says what the part said", async () => {
  writeFileSync(join(stateDir, "temporal.db"), "this is no database");
  await expect(ensure({ parts: ["temporal"] })).rejects.toThrow(
    /temporal does not start[^]*database/,
  );
  expect(liveStack(stateDir)).toBeUndefined();
});

test("many clients of the embedded Postgres work at once without meeting", async () => {
  const { databaseUrl } = await ensure({ parts: ["postgres"] });
  const clients = [1, 2, 3].map(() => openDatabase(databaseUrl ?? "", { connectionsMax: 4 }));
  const [first] = clients;
  if (first === undefined) throw new Error("there are three clients");
  try {
    await first.script("create table k (id text primary key, n int)");
    await Promise.all(clients.map((client, at) => useHard(client, at)));
    const sums = await first`select count(*)::int as rows, sum(n)::int as n from k`;
    expect(sums).toEqual([{ rows: 60, n: 60 }]);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
});

/** Answers, errors and transactions side by side on four connections. */
async function useHard(client: Database, at: number): Promise<void> {
  const rounds = Array.from({ length: 20 }, (_, round) => async () => {
    const key = `${at}-${round}`;
    expect(await client`select ${key}::text as v`).toEqual([{ v: key }]);
    await expect(client`select * from missing where k = ${key}`).rejects.toThrow(/missing/);
    await client.script(
      `insert into k values ('${key}', 0); update k set n = n + 1 where id = '${key}'`,
    );
  });
  await Promise.all(rounds.map((round) => round()));
}

test("the doctor finds the stack's servers and what is not there", async () => {
  await ensure({ parts: ["temporal", "postgres", "model"] });
  const config = readConfig({ PAWL_STATE_DIR: stateDir });
  const checks = await inspect({ config, env: PLAIN_ENV });
  const byName = Object.fromEntries(checks.map(({ name, status }) => [name, status]));
  expect(byName).toMatchObject({
    node: "ok",
    "temporal cli": "ok",
    "state folder": "ok",
    "local stack": "ok",
    temporal: "ok",
    "search attributes": "ok",
    postgres: "warn",
    model: "ok",
    worker: "warn",
  });
  for (const { status, fix } of checks) expect(fix === undefined).toBe(status === "ok");
  expect(readFileSync(join(stateDir, "stack.json"), "utf8")).toContain('"offline": true');
});

async function listen(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return server;
}
