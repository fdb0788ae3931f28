// Case 06: gRPC reads the proxies of the environment by itself. For a server on this machine it must not: a proxy
// elsewhere would look for it on its own.

import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startHttpProxy, type HttpProxy } from "../../support/http-proxy.ts";
import { freePort } from "../../support/processes.ts";

const NAMES = ["grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy"];
const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
let proxy: HttpProxy;

beforeEach(async () => {
  proxy = await startHttpProxy(502);
  for (const name of NAMES) delete process.env[name];
});
afterEach(async () => {
  for (const name of NAMES) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  await proxy.close();
});

// It goes on knocking, and would tell of it when the tests are over; it reads this when it is loaded.
process.env["GRPC_VERBOSITY"] = "NONE";

async function notReached(address: string): Promise<void> {
  const { openConnection } = await import("../../../src/temporal/client-connection.ts");
  const access = { options: { address }, namespace: "default" };
  await expect(openConnection(access, 500)).rejects.toMatchObject({
    code: "BACKEND_UNREACHABLE",
  });
}

test.each([
  ["grpc_proxy", "127.0.0.1"],
  ["https_proxy", "localhost"],
  ["http_proxy", "[::1]"],
])("a Temporal on this machine is never looked for through %s: %s", async (name, host) => {
  process.env[name] = proxy.url;
  await notReached(`${host}:${await freePort()}`);
  expect(proxy.asked).toEqual([]);
});

test("one elsewhere is", async () => {
  process.env["https_proxy"] = proxy.url;
  await notReached("temporal.test:7233");
  expect(new Set(proxy.asked)).toEqual(new Set(["CONNECT temporal.test:7233"]));
});
