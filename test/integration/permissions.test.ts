// How far a run may go, said at each door: by the command line, by an order over HTTP, by the key that brings it and
// by its agent. The lowest counts, is shown wherever the run is, and a model that goes beyond it is told.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { PERMISSIONS, type Permission } from "../../src/domain/permission.ts";
import { createApiKeys } from "../../src/store/api-keys.ts";
import { pawlIn } from "../support/cli.ts";
import { ask, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import type { Process } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

let world: World;
let worker: Process;
let gateway: GatewayProcess;
const keys = new Map<Permission | null, string>();

/** Writes files, and searches: of what the assistant has, the highest permission is `write`. */
const WRITES = { name: "write_file", input: { path: "notes.txt", content: "hello" } };
const READS = { name: "calculator", input: { expression: "6*7" } };
const SAID = [null, "read", "write", "admin"] as const;

beforeAll(async () => {
  world = await openWorld({
    workerMain: "test/support/tester-worker.mjs",
    env: { PAWL_TOOL_POLICY: "write_file=allow" },
  });
  worker = await world.startWorker();
  await keyWith(null);
  gateway = await startGateway(world, { door: "keys" });
}, 240_000);
afterEach(() => world.model.reset());
afterAll(async () => {
  await gateway?.process.stop();
  await world?.close();
}, 60_000);

async function keyWith(permission: Permission | null): Promise<string> {
  const known = keys.get(permission);
  if (known !== undefined) return known;
  const flags = permission === null ? [] : ["--permission", permission];
  const words = ["keys", "create", "--tenant", "acme", "--scopes", "runs:read,runs:write"];
  const made = await pawlIn(world, [...words, ...flags]);
  expect(made.stderr).toContain(permission === null ? "runs:write  never" : permission);
  keys.set(permission, made.stdout.trim());
  return made.stdout.trim();
}

/** The model calls what it may not be offered, beside what it always is. */
async function scriptWriting(): Promise<void> {
  const toolCalls = [WRITES, READS];
  await world.model.script([{ reply: { toolCalls } }, { reply: { text: "Done." } }]);
}

interface Begun {
  readonly runId: string;
  readonly permission?: Permission;
  readonly tools: readonly string[];
}

async function begun(runId: string): Promise<Begun> {
  const line = worker.lines.find((one) => one.includes("run_start") && one.includes(runId));
  return JSON.parse(line ?? "{}") as Begun;
}

async function refusals(runId: string): Promise<readonly string[]> {
  const said: string[] = [];
  for await (const event of world.client.watch(runId)) {
    if (event.type === "tool.finished" && event.isError) said.push(event.preview);
  }
  return said;
}

/** What is true of the run, whoever said how far it may go. */
async function expectLowest(runId: string, lowest: Permission | null): Promise<void> {
  await world.client.result(runId);
  const { permission = null, tools } = await begun(runId);
  expect({ permission, writes: tools.includes("write_file") }).toEqual({
    permission: lowest,
    writes: lowest !== "read",
  });
  expect(tools).toContain("calculator");
  const { stdout } = await pawlIn(world, ["show", runId]);
  const shown = /^permission: (.*)$/m.exec(stdout)?.[1] ?? null;
  expect(shown).toBe(lowest);
  const refused =
    lowest === "read"
      ? [expect.stringMatching(/write_file needs the permission write, and this run has read/)]
      : [];
  expect(await refusals(runId)).toEqual(refused);
}

const lowerOf = (a: Permission | null, b: Permission | null): Permission | null => {
  if (a === null || b === null) return a ?? b;
  return PERMISSIONS.indexOf(a) < PERMISSIONS.indexOf(b) ? a : b;
};

describe("the lowest permission counts", () => {
  test.each(SAID)("of `pawl run --permission %s`", async (said) => {
    await scriptWriting();
    const flags = said === null ? [] : ["--permission", said];
    const { stdout } = await pawlIn(world, ["run", "Go on.", "--detach", ...flags]);
    await expectLowest(/run_[\w-]{36}/.exec(stdout)?.[0] ?? "", said);
  });

  const pairs = SAID.flatMap((key) => SAID.map((order) => ({ key, order })));
  test.each(pairs)("of an order over HTTP ($order) and its key ($key)", async ({ key, order }) => {
    await scriptWriting();
    const body = { task: "Go on.", ...(order === null ? {} : { permission: order }) };
    const asked = { key: await keyWith(key), body };
    const { status, json } = await ask(gateway.url, "POST /v1/runs", asked);
    expect(status).toBe(201);
    const runId = String(json?.["runId"]);
    const lowest = lowerOf(key, order);
    await expectLowest(runId, lowest);
    const run = await ask(gateway.url, `GET /v1/runs/${runId}`, { key: asked.key });
    expect(run.json).toMatchObject({ permission: lowest });
  });

  test.each(SAID)("of an agent that may read, called with --permission %s", async (said) => {
    await scriptWriting();
    const flags = said === null ? [] : ["--permission", said];
    const words = ["run", "Go on.", "--agent", "reader", "--detach", ...flags];
    const { stdout } = await pawlIn(world, words);
    await expectLowest(/run_[\w-]{36}/.exec(stdout)?.[0] ?? "", "read");
  });
});

test("another word is refused at every door, and starts nothing", async () => {
  const started = await pawlIn(world, ["run", "Go on.", "--permission", "root"]);
  expect(started).toMatchObject({ exitCode: 2 });
  expect(started.stderr).toMatch(/read, write, execute, admin/);
  const order = { key: await keyWith(null), body: { task: "Go on.", permission: "root" } };
  const refused = await ask(gateway.url, "POST /v1/runs", order);
  expect(refused).toMatchObject({ status: 400, text: expect.stringContaining("permission") });
  const named = ["keys", "create", "--tenant", "acme", "--permission", "root"];
  expect(await pawlIn(world, named)).toMatchObject({ exitCode: 2, stdout: "" });
});

test("the list of keys says how far each goes", async () => {
  const made = await createApiKeys(world.db).create({
    ...{ tenant: "acme", name: "far", scopes: ["runs:write"], expiresAt: null },
    permission: "execute",
  });
  const { stdout } = await pawlIn(world, ["keys", "ls"]);
  expect(stdout).toMatch(new RegExp(`${made.about.keyId}.* permission execute `));
});
