// Who is taken for the person at this machine by the gateway of a local stack: whoever shows the token of the
// state folder, and nobody else, whatever stands between and whatever a request looks like.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureLocalToken, localTokenFile } from "../../src/dev/local-token.ts";
import { forwardBytes, forwardLikeNginx, type Forwarder } from "../support/forwarders.ts";
import { ask, keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { openWorld, type World } from "../support/world.ts";

const run = promisify(execFile);

const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0 ? test : test.skip;
const OF_ACME = "what only acme may read";

interface Operation {
  readonly operationId: string;
}

let world: World;
let dir: string;
let token: string;
let gateway: GatewayProcess;
let nginx: Forwarder;
let tunnel: Forwarder;
let targets: readonly string[];

beforeAll(async () => {
  world = await openWorld();
  dir = mkdtempSync(join(tmpdir(), "pawl-doors-"));
  // The token must be closed by itself.
  chmodSync(dir, 0o755);
  token = ensureLocalToken(dir);
  // There are keys: what makes a gateway safe must not be that there are none.
  const key = await keyFor(world, "acme", "admin");
  gateway = await startGateway(world, { door: { tokenFile: localTokenFile(dir) } });
  nginx = await forwardLikeNginx(gateway.port);
  tunnel = await forwardBytes(gateway.port);
  const body = { task: `What is 6*7? ${OF_ACME}` };
  const { json, status } = await ask(gateway.url, "POST /v1/runs", { key, body });
  expect(status).toBe(201);
  targets = await targetsOf(String(json?.["runId"]));
}, 240_000);
afterAll(async () => {
  await Promise.all([nginx?.close(), tunnel?.close()]);
  await gateway?.process.stop();
  await world?.close();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

/** Every route of the document, about a run that is there; not the one that is for everybody. */
async function targetsOf(runId: string): Promise<readonly string[]> {
  const { json } = await ask(gateway.url, "GET /openapi.json", { key: token });
  const paths = json?.["paths"] as Record<string, Record<string, Operation>>;
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => {
      const named = path.replace("{runId}", runId).replace("{callId}", "1.1");
      return `${method.toUpperCase()} ${named.replace("{scope}", "tenant_day")}`;
    }),
  );
  expect(all.length).toBeGreaterThan(15);
  return [...all.filter((target) => target !== "GET /health"), "GET /openapi.json"];
}

async function refusedEverywhere(url: string, headers: Record<string, string> = {}): Promise<void> {
  for (const target of targets) {
    const body = target.startsWith("POST") ? { body: { task: "spend" } } : {};
    const answer = await ask(url, target, { headers, ...body });
    // Who guesses is made to wait, at last.
    const refusals = "authorization" in headers ? [401, 429] : [401];
    expect({ target, refusals }).toEqual({
      target,
      refusals: expect.arrayContaining([answer.status]),
    });
    expect(answer.text).not.toContain(OF_ACME);
  }
}

describe("without the token every route answers 401", () => {
  test("to a process of this machine", () => refusedEverywhere(gateway.url));

  test("through a reverse proxy that tells nothing of whom it speaks for", () =>
    refusedEverywhere(nginx.url));

  test("through a tunnel or a forwarded port", () => refusedEverywhere(tunnel.url));

  test.each([
    ["an empty key", "Bearer "],
    ["a key of the right form", `Bearer pawl_local_${"A".repeat(43)}`],
    ["its own name", "Bearer local"],
    ["another scheme", "Basic bG9jYWw6"],
  ])("to %s", (_what, authorization) => refusedEverywhere(gateway.url, { authorization }));

  test("to whoever claims to be the page, or to be near", () =>
    refusedEverywhere(gateway.url, {
      origin: gateway.url,
      "sec-fetch-site": "same-origin",
      "x-forwarded-for": "127.0.0.1",
      "x-real-ip": "127.0.0.1",
    }));

  asRoot("to another user of this machine, who can't read the token either", async () => {
    const script = `
      const [url, file] = process.argv.slice(1);
      const { status } = await fetch(url + "/v1/runs");
      const { readFileSync } = await import("node:fs");
      const read = (() => { try { return readFileSync(file, "utf8"); } catch ({ code }) { return code; } })();
      console.log(JSON.stringify({ status, read }));`;
    const args = ["--input-type=module", "--eval", script, gateway.url, localTokenFile(dir)];
    const { stdout } = await run(process.execPath, args, { uid: NOBODY, gid: NOBODY, cwd: "/" });
    expect(JSON.parse(stdout)).toEqual({ status: 401, read: "EACCES" });
  });

  test("but /health and the files of the page are there for everybody", async () => {
    for (const path of ["/health", "/", "/page/main.js", "/page/style.css"]) {
      expect([path, (await ask(nginx.url, `GET ${path}`)).status]).toEqual([path, 200]);
    }
  });
});

describe("with the token", () => {
  test("all is open, on every way that its owner chose", async () => {
    for (const url of [gateway.url, nginx.url, tunnel.url]) {
      const { status, text } = await ask(url, "GET /v1/runs", { key: token });
      expect([url, status]).toEqual([url, 200]);
      expect(text).toContain("runs");
    }
    const deep = await ask(gateway.url, "GET /health/deep", { key: token });
    expect(deep.json).toHaveProperty("checks");
  });

  test.each([
    ["a page that pointed its own name here", { host: "evil.example" }],
    ["a page of another site", { origin: "http://evil.example" }],
    ["a page of another port", { origin: "http://localhost:3000" }],
    ["an image somewhere", { "sec-fetch-site": "cross-site" }],
  ])("G3: %s is refused all the same", async (_what, more: Record<string, string>) => {
    // `fetch` would not send another Host.
    const given = Object.entries({ ...more, authorization: `Bearer ${token}` });
    const headers = given.flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const args = ["-s", "-o", "/dev/null", "-w", "%{http_code}", `${gateway.url}/v1/runs`];
    const { stdout } = await run("curl", [...args, ...headers]);
    expect(stdout).toBe("403");
  });

  test("its owner is heard beside somebody who guesses keys at the same address", async () => {
    const guesses = Array.from({ length: 80 }, (_, at) =>
      ask(tunnel.url, "GET /v1/usage", { key: `pawl_local_${String(at).padStart(43, "B")}` }),
    );
    const refused = await Promise.all(guesses);
    expect(refused.every(({ status }) => status === 401 || status === 429)).toBe(true);
    expect((await ask(gateway.url, "GET /v1/usage", { key: token })).status).toBe(200);
  });

  test("no log line holds it", () => {
    expect(gateway.process.lines.join("\n")).not.toContain(token);
  });
});
