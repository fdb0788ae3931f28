// nginx, Caddy and HAProxy as docs/http.md has them, with a browser and curl before them and a gateway behind:
// what a newcomer sees on the first day. A proxy that is not installed is passed over, by name.
// `apt-get install nginx caddy haproxy`, then `PAWL_TEST_TIER=nightly npx jest test/proxies`; figures on stderr.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { ensureLocalToken, localTokenFile } from "../../src/dev/local-token.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { openBrowser, openPage } from "../support/browser.ts";
import { keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { until } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openViewer, type Viewer } from "../support/viewer.ts";
import { openWorld, type World } from "../support/world.ts";
import { askByCurl, watchByCurl, type CurlStream } from "./curl-viewer.ts";
import { documentedBlocks, PATH, replaced } from "./documented-blocks.ts";
import { PROXIES, type Proxy, type ProxyKind } from "./proxy-process.ts";

jest.setTimeout(180_000);

/** Of a reply that is written a piece each 250 ms, for some twelve seconds. */
const SLOW = { text: "seven words of some length stand here ".repeat(27), chunkDelayMs: 250 };
/** What is held back comes with the end of the reply, some ten seconds later; a busy machine takes its time too. */
const PROMPT_MS = 6000;

let world: World;
let browser: Browser;
let gateway: GatewayProcess;
let placed: GatewayProcess;
let key: string;
const figures: string[] = [];

beforeAll(async () => {
  world = await openWorld({ env: PATIENT });
  await world.startWorker();
  key = await keyFor(world, "acme", "admin");
  const env = { PAWL_GATEWAY_TRUSTED_PROXIES: "127.0.0.1" };
  gateway = await startGateway(world, { door: "keys", env });
  const outer = { ...env, PAWL_GATEWAY_URL: `https://agents.example.com${PATH}` };
  placed = await startGateway(world, { door: "keys", env: outer });
  browser = await openBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await Promise.all([gateway?.process.stop(), placed?.process.stop()]);
  await world?.close();
  process.stderr.write(`\n${figures.join("\n")}\n`);
}, 60_000);

async function startSlowRun(): Promise<string> {
  await world.model.script([{ reply: { ...SLOW, chunkChars: 20 } }]);
  const order = { task: "Talk at length.", tenant: "acme", session: "s" };
  return (await world.client.start(order)).runId;
}

const spoken = ({ events }: CurlStream): number =>
  events.filter(({ type }) => type === "reply.delta").length;

const hasEnded = ({ events }: CurlStream): boolean => events.at(-1)?.type === "run.ended";

/** As a program does it: whenever the stream ends before the run, again, behind the last event. */
async function follow(events: string, viewer: Viewer, cameAtMs: number[]): Promise<number> {
  for (let cuts = 0; ; cuts += 1) {
    const onEvent = (event: RunEvent): void => {
      cameAtMs.push(Date.now());
      viewer.see(event);
    };
    await watchByCurl(events, { key, after: viewer.lastId, onEvent }).ended;
    if (viewer.result !== null) return cuts;
    await until("the proxy answers", async () => (await statusBehind(events)) === 200);
  }
}

async function statusBehind(events: string): Promise<number> {
  const { status } = await askByCurl(events.replace(/\/events$/, ""), key).catch(() => ({
    status: 0,
  }));
  return status;
}

async function enterKey(page: Page): Promise<void> {
  const field = page.getByLabel("API key");
  await field.fill(key);
  await field.press("Enter");
  await page.locator(".stats").waitFor();
}

async function expectPage(base: string): Promise<void> {
  const watched = await openPage(browser, `${base}/`, { trustsAnyone: true });
  const { page, requests, complaints } = watched;
  await enterKey(page);
  const runId = await startSlowRun();
  await page.locator(`a[href="#/runs/${runId}"]`).click();
  const shown = page.locator(".is-reply .text");
  await until("text comes", async () => (await shown.allInnerTexts()).join("").length > 100);
  expect(await page.locator(".end").count()).toBe(0);
  await page.locator(".end.is-answered").waitFor();
  expect(requests.filter((url) => !url.startsWith(`${base}/`))).toEqual([]);
  // That a key is needed is an answer, and to the console an error.
  expect(complaints.filter((text) => !text.includes("401"))).toEqual([]);
  await watched.close();
}

/** One reader from the start, and one that joins in the middle and can unpack. */
async function expectStreams(base: string, name: string): Promise<void> {
  const runId = await startSlowRun();
  const events = `${base}/v1/runs/${runId}/events`;
  const first = watchByCurl(events, { key });
  await until("it speaks", () => spoken(first) > 8);
  const late = watchByCurl(events, { key, isCompressed: true });
  await Promise.all([first.ended, late.ended]);
  for (const stream of [first, late]) {
    expect(hasEnded(stream)).toBe(true);
    expect(stream.firstEventMs).toBeLessThan(PROMPT_MS);
    expect(stream.greatestGapMs).toBeLessThan(PROMPT_MS);
  }
  const told = [first, late].map(({ firstEventMs, greatestGapMs, headers }) => {
    const encoding = headers.get("content-encoding") ?? "none";
    return `first event ${firstEventMs} ms, greatest gap ${greatestGapMs} ms, encoding ${encoding}`;
  });
  figures.push(`${name}: from the start: ${told[0]}; joined late, --compressed: ${told[1]}`);
}

async function expectResumed(proxy: Proxy, base: string, name: string): Promise<void> {
  const runId = await startSlowRun();
  const viewer = openViewer();
  const cameAtMs: number[] = [];
  const following = follow(`${base}/v1/runs/${runId}/events`, viewer, cameAtMs);
  await until("it speaks", () => viewer.charsTold > 100);
  await proxy.reload();
  const told = viewer.charsTold;
  await until("it goes on behind the reload", () => viewer.charsTold > told + 100);
  expect(viewer.result).toBeNull();
  await proxy.restart();
  const cuts = await following;
  viewer.expectNoGapAndNoDouble();
  const gaps = cameAtMs.slice(1).map((atMs, index) => atMs - (cameAtMs[index] ?? atMs));
  const gapMs = Math.max(...gaps);
  figures.push(`${name}: a reload and a restart cut ${cuts} times, greatest gap ${gapMs} ms`);
}

async function expectAddresses(base: string): Promise<void> {
  const order = ["-d", '{"task": "What is 6*7?"}', "-H", "Content-Type: application/json"];
  const begun = await askByCurl(`${base}/v1/runs`, key, order);
  expect(begun.status).toBe(201);
  const { runId, urls } = JSON.parse(begun.text) as { runId: string; urls: Record<string, string> };
  const asked = `${base}/v1/runs`;
  expect(new URL(begun.location ?? "", asked).href).toBe(`${asked}/${runId}`);
  for (const place of Object.values(urls)) {
    expect([200, 202]).toContain((await askByCurl(new URL(place, asked).href, key)).status);
  }
}

/** Loopback has many addresses: the proxy is one of them, and whoever asks it another. */
async function expectCaller(base: string, asked: GatewayProcess): Promise<void> {
  const guess = ["-4", "--interface", "127.0.0.2", "-H", "X-Forwarded-For: 203.0.113.9"];
  const refused = await askByCurl(`${base}/v1/runs`, "pawl_0123456789abcdef_wrong", guess);
  expect([refused.status, refused.contentType]).toEqual([401, "application/problem+json"]);
  const { requestId } = JSON.parse(refused.text) as { requestId: string };
  expect(await asked.process.line(requestId)).toContain('"address":"127.0.0.2"');
}

describe.each(PROXIES)("$name", (kind: ProxyKind) => {
  const installed = kind.program === null ? describe.skip : describe;
  const blocks = documentedBlocks(kind.language);

  installed.each([
    ["at the root of a host name", blocks.root, ""],
    ["below a path", blocks.below, PATH],
  ])("as documented, %s", (where, block, path) => {
    const name = `${kind.name} ${where}`;
    let proxy: Proxy;
    let base: string;
    beforeAll(async () => {
      proxy = await kind.start(block, (path === "" ? gateway : placed).port);
      base = `${proxy.url}${path}`;
    });
    afterAll(async () => await proxy?.close());

    test("shows the page: key, list, a run as it goes", () => expectPage(base));
    test("holds no stream back", () => expectStreams(base, name));
    test("loses nothing by a reload and a restart", () => expectResumed(proxy, base, name));
    test("gives addresses that lead back", () => expectAddresses(base));
    test("says where a caller is, whatever that one says", () =>
      expectCaller(base, path === "" ? gateway : placed));
    const belowOnly = path === "" ? test.skip : test;
    belowOnly("leads to the page also where the slash at its end was forgotten", async () => {
      const { status, location } = await askByCurl(base, null);
      expect([301, 302, 308]).toContain(status);
      expect(new URL(location ?? "", base).pathname).toBe(`${path}/`);
    });
  });

  installed("as others have it", () => {
    let proxy: Proxy | null = null;
    afterEach(async () => {
      await proxy?.close();
      proxy = null;
    });

    test("packs all that can be packed, and holds back no stream that is joined late or again", async () => {
      proxy = await kind.start(PACKING[kind.name]?.(blocks.root) ?? "", gateway.port);
      const events = `${proxy.url}/v1/runs/${await startSlowRun()}/events`;
      const first = watchByCurl(events, { key });
      await until("it speaks", () => spoken(first) > 8);
      const after = first.events.at(-1)?.id;
      const late = Array.from({ length: 6 }, (_, n) =>
        watchByCurl(events, { key, isCompressed: true, after: n % 2 === 0 ? undefined : after }),
      );
      await Promise.all([first, ...late].map(({ ended }) => ended));
      const waits = late.map(({ firstEventMs }) => firstEventMs ?? Infinity);
      figures.push(`${kind.name} packing: six late readers' first events ${waits.join(", ")} ms`);
      expect(Math.max(...waits)).toBeLessThan(PROMPT_MS);
      const page = await askByCurl(`${proxy.url}/page/main.js`, null, ["-i", "--compressed"]);
      expect(page.text.toLowerCase()).toContain("content-encoding:");
    });

    test("in the fewest words that it takes, lets nobody in who shows no key", async () => {
      const dir = mkdtempSync(join(tmpdir(), "pawl-door-"));
      const token = ensureLocalToken(dir);
      const local = await startGateway(world, { door: { tokenFile: localTokenFile(dir) } });
      try {
        proxy = await kind.start(BARE[kind.name] ?? "", local.port);
        const near = ["-H", "X-Forwarded-For: 127.0.0.1", "-H", "Host: localhost"];
        const spend = ["-d", '{"task": "spend"}', "-H", "Content-Type: application/json"];
        for (const more of [[], near, spend, [...near, ...spend]]) {
          const { status, text } = await askByCurl(`${proxy.url}/v1/runs`, null, more);
          expect([more, status, text.includes("A key is needed")]).toEqual([more, 401, true]);
        }
        for (const path of ["/metrics", "/health/deep", "/openapi.json"]) {
          expect((await askByCurl(`${proxy.url}${path}`, null)).status).toBe(401);
        }
        expect((await askByCurl(`${proxy.url}/v1/runs`, token)).status).toBe(200);
      } finally {
        await local.process.stop();
        rmSync(dir, { recursive: true, force: true });
      }
    });

    test("keeps the path that the gateway was told of", async () => {
      proxy = await kind.start(KEEPING[kind.name]?.(blocks.below) ?? "", placed.port);
      await expectPage(`${proxy.url}${PATH}`);
      await expectAddresses(`${proxy.url}${PATH}`);
    });
  });
});

/** Of none of them the gateway can tell that they are there. */
const BARE: Readonly<Record<string, string>> = {
  nginx: `server {
    listen 443 ssl;
    ssl_certificate /etc/ssl/agents.example.com.pem;
    ssl_certificate_key /etc/ssl/agents.example.com.key;
    location / { proxy_pass http://127.0.0.1:7420; }
  }`,
  Caddy: `agents.example.com {
    reverse_proxy 127.0.0.1:7420 {
      header_up -X-Forwarded-For
      header_up -X-Forwarded-Proto
      header_up -X-Forwarded-Host
    }
  }`,
  HAProxy: `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend world
  bind :443 ssl crt /etc/haproxy/agents.example.com.pem
  default_backend pawl
backend pawl
  server here 127.0.0.1:7420
`,
};

type Change = (block: string) => string;

/** As eager as each of them can be. */
const PACKING: Readonly<Record<string, Change>> = {
  nginx: (block) =>
    replaced(block, {
      "location / {": "gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;\n  location / {",
    }),
  Caddy: (block) => replaced(block, { "encode gzip": "encode zstd gzip" }),
  HAProxy: (block) =>
    replaced(block, {
      "  option forwardfor":
        "  compression algo gzip\n  compression type text/event-stream text/html text/javascript\n  option forwardfor",
    }),
};

const KEEPING: Readonly<Record<string, Change>> = {
  nginx: (block) => replaced(block, { "127.0.0.1:7420/;": "127.0.0.1:7420;" }),
  Caddy: (block) => replaced(block, { handle_path: "handle" }),
  HAProxy: (block) => replaced(block, { "  http-request replace-path /pawl/(.*) /\\1\n": "" }),
};

describe("all of them", () => {
  const kinds = PROXIES.filter(({ program }) => program !== null);
  let proxies: readonly Proxy[] = [];
  beforeAll(async () => {
    const start = (kind: ProxyKind): Promise<Proxy> =>
      kind.start(documentedBlocks(kind.language).root, gateway.port);
    proxies = await Promise.all(kinds.map(start));
  });
  afterAll(async () => void (await Promise.all(proxies.map((proxy) => proxy.close()))));

  test("keep a stream on which nothing happens open for longer than they wait for silence", async () => {
    const order = { task: "Write hello to the file notes/hello.md.", tenant: "acme", session: "s" };
    const { runId } = await world.client.start(order);
    const streams = proxies.map(({ url }) =>
      watchByCurl(`${url}/v1/runs/${runId}/events`, { key }),
    );
    // A beat comes each 15 s: five of them are more than the minute that the blocks and the defaults allow.
    await until("five beats", () => streams.every(({ beats }) => beats >= 5), 120_000);
    await world.client.cancel(runId);
    await Promise.all(streams.map(({ ended }) => ended));
    expect(streams.map(hasEnded)).toEqual(kinds.map(() => true));
  });
});
