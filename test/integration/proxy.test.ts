// A worker behind a company's proxy, with the API beyond it: over TLS, by a tunnel.

import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startRecordingApi } from "../support/recording-api.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

const NAME = "api.provider.test";
let world: World;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pawl-proxy-"));
  makeCertificate(dir);
  world = await openWorld();
});
afterAll(async () => {
  await world.close();
  rmSync(dir, { recursive: true });
});

function makeCertificate(folder: string): void {
  const subject = ["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  execFileSync("openssl", ["req", "-x509", "-days", "2", ...key, ...subject, ...files], {
    stdio: "ignore",
  });
}

test("the model is reached through HTTPS_PROXY, which sees the host and no key; Temporal and Postgres without it", async () => {
  const read = (name: string): string => readFileSync(join(dir, name), "utf8");
  const api = await startRecordingApi("Hello.", { key: read("key.pem"), cert: read("cert.pem") });
  const proxy = await startHttpProxy();
  const port = new URL(api.url).port;
  const behind = {
    PAWL_OFFLINE_MODEL: "0",
    ANTHROPIC_API_KEY: "a-key-of-mine",
    ANTHROPIC_BASE_URL: `https://${NAME}:${port}`,
    https_proxy: proxy.url,
    http_proxy: proxy.url,
    NODE_EXTRA_CA_CERTS: join(dir, "cert.pem"),
  };
  const worker = await world.startWorker(behind);
  try {
    const order = { task: "Say hello.", tenant: "acme", session: "s" };
    const { runId } = await world.client.start(order);
    const result = await world.client.result(runId);
    expect(result).toMatchObject({
      outcome: { kind: "answered" },
      answer: "Hello.",
      offline: false,
    });
    expect(api.requests[0]?.headers).toMatchObject({ authorization: "Bearer a-key-of-mine" });
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${NAME}:${port}`]));
  } finally {
    await worker.kill();
    await Promise.all([api.close(), proxy.close()]);
  }
});
