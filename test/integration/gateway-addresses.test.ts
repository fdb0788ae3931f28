// Addresses that leave the gateway, followed by whoever got them, through what stands between; and a stream
// through what would rather pack it first.

import { request } from "node:http";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { forwardBelow, forwardCompressing, type Forwarder } from "../support/forwarders.ts";
import { ask, keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { until } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openSse } from "../support/sse-viewer.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

/** A proxy may take it off, or not: AWS's load balancer, an ingress without a rewrite. */
const KEPT = "/team/pawl";

let world: World;
let gateway: GatewayProcess;
let placed: GatewayProcess;
let below: Forwarder;
let packing: Forwarder;
let key: string;

beforeAll(async () => {
  world = await openWorld({ env: PATIENT });
  await world.startWorker();
  key = await keyFor(world, "acme", "admin");
  gateway = await startGateway(world, { door: "keys" });
  const env = { PAWL_GATEWAY_URL: `https://agents.example.com${KEPT}/` };
  placed = await startGateway(world, { door: "keys", env });
  below = await forwardBelow({ [KEPT]: placed.port });
  packing = await forwardCompressing(gateway.port);
});
afterAll(async () => {
  await Promise.all([below?.close(), packing?.close()]);
  await Promise.all([gateway?.process.stop(), placed?.process.stop()]);
  await world?.close();
}, 60_000);

const places = (): readonly (readonly [string, string])[] => [
  ["at the root", gateway.url],
  ["below a path that the proxy takes off", `${below.url}${KEPT}`],
  ["below a path that the proxy keeps", `${placed.url}${KEPT}`],
];

test("a receipt leads to its run, its events and its result by the way it came", async () => {
  for (const [where, url] of places()) {
    const body = { task: "What is 6*7?" };
    const { status, headers, json } = await ask(url, "POST /v1/runs", { key, body });
    expect({ where, status }).toEqual({ where, status: 201 });
    const urls = json?.["urls"] as Record<string, string>;
    const named = [headers.get("location") ?? "", ...Object.values(urls)];
    const runId = String(json?.["runId"]);
    const runUrl = `${url}/v1/runs/${runId}`;
    const reached = named.map((address) => new URL(address, `${url}/v1/runs`).href);
    expect(reached).toEqual([runUrl, runUrl, `${runUrl}/events`, `${runUrl}/result`]);
    // As a shell follows them.
    expect(named.map((address) => new URL(url).origin + address)).toEqual(reached);
    expect((await ask(reached[0] ?? "", "GET ", { key })).json?.["runId"]).toBe(runId);
  }
});

test("the document names the place where it lies as the one that its paths follow", async () => {
  for (const [, url] of places()) {
    const { json } = await ask(url, "GET /openapi.json", { key });
    const servers = json?.["servers"] as { url: string }[] | undefined;
    const place = new URL(servers?.[0]?.url ?? "/", `${url}/openapi.json`).href.replace(/\/$/, "");
    expect((await ask(place, "GET /v1/runs", { key })).status).toBe(200);
  }
});

test("a path that the proxy keeps opens nothing without a key, and leads to the page without its slash", async () => {
  const bare = await fetch(`${placed.url}${KEPT}`, { redirect: "manual" });
  const location = new URL(bare.headers.get("location") ?? "", bare.url).href;
  expect([bare.status, location]).toEqual([308, `${placed.url}${KEPT}/`]);
  expect((await ask(location, "GET ")).text).toContain('src="page/main.js"');
  for (const path of ["/v1/runs", "/metrics", "/health/deep", "//v1/runs", `${KEPT}/v1/runs`]) {
    const { status } = await ask(placed.url, `GET ${KEPT}${path}`);
    expect({ path, status: [401, 404].includes(status) }).toEqual({ path, status: true });
  }
  const stranger = await ask(placed.url, "GET /other/health");
  expect(stranger.status).toBe(404);
});

test("a path that could be mistaken for the gateway's own keeps it from starting", async () => {
  const env = { PAWL_GATEWAY_URL: "https://agents.example.com/v1" };
  await expect(startGateway(world, { env })).rejects.toThrow(
    /ends with \/v1.*of the gateway's own/,
  );
});

test("no file of the page travels twice, also where a proxy weakened its tag", async () => {
  const file = "/page/style.css";
  const etag = (await ask(gateway.url, `GET ${file}`)).headers.get("etag") ?? "";
  for (const [known, status] of [
    [etag, 304],
    [`W/${etag}`, 304],
    [`"other", W/${etag}`, 304],
    [`"other"`, 200],
  ] as const) {
    const headers = { "if-none-match": known };
    expect((await ask(gateway.url, `GET ${file}`, { headers })).status).toBe(status);
  }
});

test("a stream that is joined late, or taken up again, is not held back by a proxy that packs", async () => {
  await world.model.script([
    { reply: { text: "word ".repeat(400), chunkChars: 20, chunkDelayMs: 50 } },
  ]);
  const { json } = await ask(gateway.url, "POST /v1/runs", { key, body: { task: "Talk." } });
  const events = `${packing.url}/v1/runs/${String(json?.["runId"])}/events`;
  const headers = { authorization: `Bearer ${key}`, "accept-encoding": "gzip" };
  // The other answers of the gateway may be packed, and are.
  expect(await encodingOf(`${packing.url}/page/style.css`)).toBe("gzip");

  const first = await openSse(events, { headers });
  await until("it speaks", () => first.events.some(({ type }) => type === "reply.delta"));
  const late = await openSse(events, { headers });
  const after = first.events.at(-1)?.id;
  const again = await openSse(events, { headers, after });
  for (const stream of [late, again]) {
    await until("it is told", () => stream.events.some(({ type }) => type === "reply.delta"));
    expect(stream.events.some(({ type }) => type === "run.ended")).toBe(false);
    expect(stream.headers["cache-control"]).toContain("no-transform");
  }
  expect(await Promise.all([first, late, again].map(({ ended }) => ended))).toEqual(
    Array.from({ length: 3 }, () => "finished"),
  );
});

async function encodingOf(url: string): Promise<string | undefined> {
  return await new Promise((resolve, reject) => {
    const asked = request(url, { headers: { "accept-encoding": "gzip" } }, (response) => {
      response.resume();
      resolve(response.headers["content-encoding"]);
    });
    asked.once("error", reject).end();
  });
}
