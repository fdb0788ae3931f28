// Runs whose tools are those of MCP servers, while servers and workers die.

import { afterAll, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { isAlive } from "../support/mcp-sources.ts";
import { until } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

let world: World;
let dir: string;
const notesOf = async (name: string): Promise<readonly string[]> =>
  (await readFile(join(dir, name), "utf8").catch(() => "")).split("\n").filter(Boolean);
const pidsIn = async (name: string): Promise<readonly number[]> =>
  (await notesOf(name)).flatMap((line) => Number(/\d+$/.exec(line)?.[0] ?? NaN) || []);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "pawl-mcp-runs-"));
  await mkdir(join(dir, "agents"));
  const agent = {
    name: "operator",
    instructions: "Work.",
    tools: ["site__*", "odd__*"],
    policy: { site__deploy: "allow", odd__echo: "allow", odd__die: "allow" },
  };
  // JSON is YAML.
  await writeFile(join(dir, "agents", "operator.yaml"), JSON.stringify(agent));
  const program = (main: string, notes: string, ...switches: readonly string[]) => ({
    command: process.execPath,
    args: [packageFile(main), join(dir, notes), ...switches],
  });
  const mcpServers = {
    site: program("test/support/deploying-mcp-server.mjs", "site"),
    odd: program("test/support/hostile-mcp-server.mjs", "odd", "ignores-signals"),
    away: { command: join(dir, "no-such-program") },
  };
  await writeFile(join(dir, ".mcp.json"), JSON.stringify({ mcpServers }));
  world = await openWorld({ env: { PAWL_PROJECT_DIR: dir } });
}, 180_000);
afterAll(async () => {
  await world?.close();
  await rm(dir, { recursive: true, force: true });
}, 60_000);
beforeEach(async () => await world.model.reset());

const order = { task: "Do it.", tenant: "t", session: "s", agent: "operator" };

test("a server's question is answered after every process was killed, and what it asked about happens once", async () => {
  await world.model.script([
    { reply: { toolCalls: [{ name: "site__deploy", input: { env: "production" } }] } },
    { match: { contains: "deployed to production" }, reply: { text: "It is deployed." } },
  ]);
  const first = await world.startWorker();
  const { runId } = await world.client.start(order);
  const waiting = await until(
    "the question",
    async () => (await world.client.questions({ tenant: "t" })).find((it) => it.runId === runId),
    60_000,
  );
  const asked = await world.client.question(runId, waiting.callId);
  expect(asked).toMatchObject({
    tool: "site__deploy",
    round: 1,
    questions: [{ id: "q1", text: "site asks: Deploy to production?" }],
  });
  await first.kill();
  const pids = [...(await pidsIn("site")), ...(await pidsIn("odd"))];
  expect(pids.length).toBeGreaterThan(1);
  // Also the one that ignores that its input has ended.
  await until("its servers are gone too", () => pids.every((pid) => !isAlive(pid)), 60_000);
  const second = await world.startWorker();
  const answers = { q1: { action: "accept", content: { confirm: true } } } as const;
  await world.client.answer(runId, { callId: asked.callId, round: 1, answers, by: "ann" });
  const result = await world.client.result(runId, AbortSignal.timeout(120_000));
  expect(result).toMatchObject({ answer: "It is deployed.", outcome: { kind: "answered" } });
  expect((await notesOf("site")).filter((line) => line.startsWith("deployed"))).toEqual([
    "deployed production",
  ]);
  await second.kill();
});

test("a server that dies in a call, and a tool that has changed by the next one, are told to the model, and the run goes on", async () => {
  await world.model.script([
    { reply: { toolCalls: [{ name: "odd__die" }] } },
    {
      match: { contains: "it was too much for me" },
      reply: { toolCalls: [{ name: "odd__echo", input: { text: "as before" } }] },
    },
    {
      match: { contains: "as before" },
      hold: true,
      reply: { toolCalls: [{ name: "odd__echo", input: { text: "once more" } }] },
    },
    { match: { contains: "odd__echo has changed since this run began" }, reply: { text: "Told." } },
  ]);
  const worker = await world.startWorker();
  const { runId } = await world.client.start(order);
  await until(
    "the third reply is waited for",
    async () => (await world.model.requests()).length >= 3,
    60_000,
  );
  await writeFile(join(dir, "odd.changed"), "");
  const pids = (await pidsIn("odd")).filter(isAlive);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await until("its server is gone", () => !pids.some(isAlive), 60_000);
  await world.model.release();
  const result = await world.client.result(runId, AbortSignal.timeout(120_000));
  expect(result).toMatchObject({ answer: "Told.", outcome: { kind: "answered" }, toolCalls: 3 });
  await worker.stop();
  expect((await pidsIn("odd")).some(isAlive)).toBe(false);
});
