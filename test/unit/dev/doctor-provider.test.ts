// What `pawl doctor` says of who answers: asked as runs ask, with the tiers that the server has.

import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../../src/config.ts";
import { checkModel } from "../../../src/dev/doctor-provider.ts";

let server: Server | undefined;
let seen: IncomingMessage[] = [];
const dirs: string[] = [];

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  seen = [];
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

async function served(listener: RequestListener): Promise<string> {
  const own = createServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  server = own;
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
}

const listing =
  (...ids: readonly string[]): RequestListener =>
  ({ url = "" }, response) => {
    const isList = url.startsWith("/v1/models?");
    response.writeHead(isList ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isList ? { data: ids.map((id) => ({ id })) } : {}));
  };

function modelsFile(): string {
  const dir = mkdtempSync(join(tmpdir(), "pawl-doctor-"));
  dirs.push(dir);
  const path = join(dir, "models.json");
  const qwen = { contextTokens: 16_384, replyTokens: 2048, free: true };
  const tiers = { simple: "qwen", medium: "qwen", complex: "qwen" };
  writeFileSync(path, JSON.stringify({ models: { qwen }, tiers }));
  return path;
}

const checksOf = (env: NodeJS.ProcessEnv) => checkModel(undefined, readConfig(env));

test("a server that asks for no key is asked without one, and its tiers are told", async () => {
  const url = await served(listing("qwen"));
  const env = { ANTHROPIC_BASE_URL: url, PAWL_MODELS_FILE: modelsFile() };
  expect(await checksOf(env)).toEqual([
    { name: "model", status: "ok", detail: `${url}, no key is set, and none asked for` },
    { name: "tiers", status: "ok", detail: "simple (qwen), medium (qwen), complex (qwen)" },
  ]);
  expect(seen[0]?.headers).toMatchObject({
    authorization: "Bearer none",
    "anthropic-version": "2026-10-21",
  });
});

test("a server without the models of the tiers is told of, with what it has and what to do", async () => {
  const url = await served(listing("models/tm05.gguf"));
  const [model, tiers] = await checksOf({ ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: "sk-1" });
  expect(model).toMatchObject({ status: "ok", detail: `${url}, key accepted` });
  expect(tiers).toMatchObject({
    status: "warn",
    detail: expect.stringMatching(/simple \(claude-haiku-5-5\), .*; it has models\/tm05\.gguf$/),
    fix: expect.stringContaining("PAWL_MODELS_FILE"),
  });
  expect(seen[0]?.headers.authorization).toBe("Bearer sk-1");
});

test("a model that is not listed may be known by its name all the same", async () => {
  const url = await served((_request, response) => response.writeHead(200).end("{}"));
  const [, tiers] = await checksOf({ ANTHROPIC_BASE_URL: url });
  expect(tiers).toMatchObject({ name: "tiers", status: "ok" });
});

test.each([
  ["a key that is refused", { ANTHROPIC_API_KEY: "bad" }, /refuses the key/, /^check/],
  ["a server that wants one", {}, /wants a key/, /^set/],
])("%s is told, and no tiers are looked for", async (_, env, detail, fix) => {
  const url = await served((_request, response) => response.writeHead(401).end());
  const checks = await checksOf({ ANTHROPIC_BASE_URL: url, ...env });
  expect(checks).toEqual([
    {
      name: "model",
      status: "fail",
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    },
  ]);
});

test.each([400, 402, 422, 429])("an answer of %i is no acceptance of the key", async (status) => {
  const url = await served((_request, response) => response.writeHead(status).end("{}"));
  const checks = await checksOf({ ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: "sk-1" });
  expect(checks).toEqual([
    expect.objectContaining({
      status: "warn",
      detail: `${url} answers ${status} when asked for its models`,
    }),
  ]);
});

test("without a key and without an address the offline model answers", async () => {
  expect(await checksOf({})).toEqual([
    { name: "model", status: "ok", detail: expect.stringMatching(/^offline: /) },
  ]);
});
