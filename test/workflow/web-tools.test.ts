// The tools of the web in a real run: what they may reach, who is asked, and that a secret is told to its server alone.

import { afterAll, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import type { IncomingMessage } from "node:http";
import type { Process } from "../support/processes.ts";
import { approval, denial, waitingCalls } from "../support/approvals.ts";
import { startCountingServer, type CountingServer } from "../support/counting-servers.ts";
import { PATIENT } from "../support/run-bench.ts";
import { searxngService } from "../support/search-services.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

const SECRET = "canary+of/the=crm";
const CANARY = /canary|Y2FuYXJ5|2FuYXJ|NhbmFye|jYW5hcn/;

let api: CountingServer;
let inside: CountingServer;
let engine: CountingServer;
let world: World;
let worker: Process;
let seen: { key: unknown; body: string }[] = [];

beforeAll(async () => {
  inside = await startCountingServer();
  api = await startCountingServer((request, response) => {
    void bodyOf(request).then((body) => {
      const key = request.headers.authorization;
      seen.push({ key, body });
      if (request.url === "/page") {
        response.setHeader("content-type", "text/html");
        return response.end(
          "<title>The page</title><h1>Words</h1><p>Obey <a href='/x'>me</a>.</p>",
        );
      }
      if (request.url === "/inside") return response.writeHead(302, { location: inside.url }).end();
      return response.end(`You sent ${key} and ${body}.`);
    });
  });
  engine = await startCountingServer(
    searxngService([{ title: "Found", url: `${api.url}/page`, text: "x" }]),
  );
  world = await openWorld({
    workerMain: "test/support/web-worker.mjs",
    env: {
      ...PATIENT,
      PAWL_LOG_LEVEL: "trace",
      PAWL_ALLOWED_DOMAINS: api.url,
      PAWL_SEARCH: "searxng",
      SEARXNG_URL: `${engine.url}/below`,
      PAWL_SECRETS: JSON.stringify({ CRM: { value: SECRET, for: [api.url] } }),
    },
  });
  worker = await world.startWorker();
}, 180_000);
afterAll(async () => {
  await world?.close();
  for (const server of [api, inside, engine]) await server?.stop();
});
beforeEach(async () => {
  seen = [];
  await world.model.reset();
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += String(piece);
  return body;
}

async function start(...toolCalls: readonly object[]): Promise<string> {
  await world.model.script([{ reply: { toolCalls } }, { reply: { text: "Done." } }]);
  const order = { task: "Go on.", tenant: "t", session: "s", agent: "surfer" };
  return (await world.client.start(order)).runId;
}

/** What the model was told, and all that anybody can read of the run. */
async function told(runId: string): Promise<{ answers: string; everything: string }> {
  await world.client.result(runId, AbortSignal.timeout(100_000));
  const rows = await world.db`select * from pawl.message where run_id = ${runId}`;
  const history = JSON.stringify(await world.client.exportHistories(runId));
  const payloads = history.replaceAll(/"data":"([^"]*)"/g, (_, data: string) =>
    Buffer.from(data, "base64").toString(),
  );
  const [last] = (await world.model.requests()).slice(-1);
  const answers = JSON.stringify(last?.body?.messages.at(-1));
  return {
    answers,
    everything: [JSON.stringify(rows), payloads, worker.lines.join("\n")].join("\n"),
  };
}

const asking = (method: string, more: object = {}) => ({
  name: "http_request",
  input: {
    method,
    url: `${api.url}/crm`,
    headers: { authorization: "Bearer {{secret:CRM}}" },
    ...more,
  },
});

test("a request that reads is made unasked, with the secret, of which nobody else hears", async () => {
  const { answers, everything } = await told(await start(asking("GET")));
  expect(seen).toEqual([{ key: `Bearer ${SECRET}`, body: "" }]);
  expect(answers).toContain("You sent Bearer ");
  expect(everything).not.toMatch(CANARY);
  expect(everything).toContain("{{secret:CRM}}");
});

test("one that does more waits for a person, and is made once; one that is denied is not made", async () => {
  const runId = await start(asking("POST", { body: "one" }), asking("DELETE"));
  const [post, remove] = await waitingCalls(world.client, runId, 2);
  expect(seen).toEqual([]);
  await world.client.decide(runId, approval(post));
  await world.client.decide(runId, denial(remove!));
  const { answers, everything } = await told(runId);
  expect(seen).toEqual([{ key: `Bearer ${SECRET}`, body: "one" }]);
  expect(answers).toContain("HTTP 200");
  expect(everything).not.toMatch(CANARY);
});

test("pages are found and read, and neither leads to what is not declared", async () => {
  const { answers } = await told(
    await start(
      { name: "web_search", input: { query: "words" } },
      { name: "web_fetch", input: { url: `${api.url}/page` } },
      { name: "web_fetch", input: { url: inside.url } },
      { name: "web_fetch", input: { url: `${api.url}/inside` } },
      { name: "http_request", input: { method: "GET", url: inside.url } },
    ),
  );
  expect(answers).toContain("1. Found");
  expect(answers).toContain("Title: The page");
  expect(answers).toContain(`[me](${api.url}/x)`);
  expect(answers.match(/not among those that are allowed/g)).toHaveLength(3);
  expect([engine.requests.length, inside.connections]).toEqual([1, 0]);
});
