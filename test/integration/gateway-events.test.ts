// The event stream at the gateway itself: who gets one, from where, and what it costs to show a run to
// people who don't read.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { ask, keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { runPawl } from "../support/cli-process.ts";
import { until } from "../support/processes.ts";
import { openSse, type SseStream } from "../support/sse-viewer.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(240_000);

const GENEROUS = {
  PAWL_RUN_CAP_USD: "100",
  PAWL_TENANT_DAY_CAP_USD: "1000",
  PAWL_AGENT_MAX_REPLY_TOKENS: "60000",
  PAWL_AGENT_MAX_REQUEST_TOKENS: "900000",
  PAWL_AGENT_MAX_TOKENS: "9000000",
  // The model is held until all readers are there.
  PAWL_FIRST_BYTE_TIMEOUT_MS: "120000",
  PAWL_CALL_TIMEOUT_MS: "180000",
};

let world: World;
let gateway: GatewayProcess;
let key: string;
let headers: Readonly<Record<string, string>>;

beforeAll(async () => {
  world = await openWorld({ env: GENEROUS });
  await world.startWorker();
  key = await keyFor(world, "acme", "runs:read", "runs:write");
  headers = { authorization: `Bearer ${key}` };
  gateway = await startGateway(world);
});
afterAll(async () => {
  await gateway?.process.stop();
  await world?.close();
}, 60_000);

async function start(task: string): Promise<string> {
  const { json } = await ask(gateway.url, "POST /v1/runs", { key, body: { task } });
  return String(json?.["runId"]);
}

const eventsOf = (runId: string): string => `${gateway.url}/v1/runs/${runId}/events`;

test("a run that has ended is told whole, and goes on behind any of its events", async () => {
  const runId = await start("What is 6 * 7?");
  const whole = await openSse(eventsOf(runId), { headers });
  expect(await whole.ended).toBe("finished");
  expect(whole.headers["content-type"]).toBe("text/event-stream");
  const ids = whole.events.map(({ id }) => id);
  for (const [index, after] of ids.slice(0, -1).entries()) {
    const rest = await openSse(eventsOf(runId), { headers, after });
    expect(await rest.ended).toBe("finished");
    expect(rest.events.map(({ id }) => id)).toEqual(ids.slice(index + 1));
  }
});

test("what is no event id, no run, or another tenant's run is refused before the stream begins", async () => {
  const runId = await start("What is 7 * 7?");
  const stranger = await keyFor(world, "umbrella", "runs:read");
  const path = `GET /v1/runs/${runId}/events`;
  const refusals = [
    [400, "USAGE", path, { key, headers: { "last-event-id": "yesterday" } }],
    [400, "USAGE", `${path}?after=1.2.3`, { key }],
    [404, "RUN_NOT_FOUND", "GET /v1/runs/run_none/events", { key }],
    [404, "RUN_NOT_FOUND", path, { key: stranger }],
    [401, "UNAUTHENTICATED", path, { key: `${key}x` }],
  ] as const;
  for (const [status, code, target, asking] of refusals) {
    const answer = await ask(gateway.url, target, asking);
    expect({ status: answer.status, code: answer.json?.["code"] }).toEqual({ status, code });
  }
});

test("a key from `pawl keys` opens the gateway until it is revoked", async () => {
  const made = await runPawl(["keys", "create", "--tenant", "acme", "--name", "ci"], world.env);
  const ci = made.stdout.trim();
  expect(ci).toMatch(/^pawl_\w+_\S+$/);
  expect((await ask(gateway.url, "GET /v1/runs", { key: ci })).status).toBe(200);
  const listed = await runPawl(["keys", "ls"], world.env);
  expect(listed.stdout).toContain("ci");
  expect(listed.stdout).not.toContain(ci);
  const [, id = ""] = ci.split("_");
  expect(await runPawl(["keys", "revoke", id], world.env)).toMatchObject({ exitCode: 0 });
  await until("the gateway refuses it", async () => {
    return (await ask(gateway.url, "GET /v1/runs", { key: ci })).status === 401;
  });
});

test("no path leads out of the page's files", async () => {
  for (const path of [
    "/page/../package.json",
    "/page/%2e%2e/%2e%2e/package.json",
    "/page/..%2fapp.js",
  ]) {
    const answer = await ask(gateway.url, `GET ${path}`);
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain("dependencies");
  }
});

test("S2, S3: 200 readers that never read cost the gateway little, and one that reads gets it all", async () => {
  const turns = 8;
  const textBytes = 150_000;
  const calculation = { toolCalls: [{ name: "calculator", input: { expression: "1+1" } }] };
  await world.model.pace(1, 2000);
  await world.model.script([
    { hold: true, reply: { textBytes, ...calculation } },
    { times: turns - 2, reply: { textBytes, ...calculation } },
    { reply: { textBytes } },
  ]);
  const runId = await start("Talk at length.");
  await until("the model is asked", async () =>
    (await world.model.requests()).some((seen) => seen.runKey === runId),
  );
  const reader = await openSse(eventsOf(runId), { headers });
  const frozen: SseStream[] = [];
  for (let n = 0; n < 200; n += 1) {
    const stream = await openSse(eventsOf(runId), { headers });
    stream.freeze();
    frozen.push(stream);
  }
  const before = residentMb(gateway.process.pid);
  await world.model.release();
  expect(await reader.ended).toBe("finished");
  const grownMb = residentMb(gateway.process.pid) - before;
  const chars = reader.events.reduce((sum, event) => {
    return sum + (event.type === "reply.delta" ? event.text.length : 0);
  }, 0);
  // More than the gateway keeps in memory: told again from its file, to the letter, and not from the history,
  // in which a reply is one piece.
  const late = await Promise.all(
    Array.from({ length: 10 }, () => openSse(eventsOf(runId), { headers })),
  );
  for (const stream of late) {
    expect(await stream.ended).toBe("finished");
    expect(stream.events).toEqual(reader.events);
  }
  for (const stream of frozen) stream.drop();
  expect(chars).toBeGreaterThanOrEqual(turns * textBytes);
  process.stderr.write(`200 frozen readers of ${chars} characters: ${grownMb.toFixed(0)} MB\n`);
  // Copied for each of them it would be more than twice this.
  expect(grownMb).toBeLessThan(120);
});

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
