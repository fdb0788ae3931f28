// Requests through a real proxy; https through one, with a real worker, is in test/integration/proxy.test.ts.

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { outboundFetch } from "../../../src/outbound/outbound-fetch.ts";
import { startHttpProxy, type HttpProxy } from "../../support/http-proxy.ts";

let proxy: HttpProxy;
let server: Server;
let port: number;

beforeEach(async () => {
  proxy = await startHttpProxy();
  server = createServer((request, answer) => {
    if (request.url === "/moved") return answer.writeHead(307, { location: "/x" }).end();
    if (request.url === "/silent") return answer.flushHeaders();
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      answer.writeHead(201, { "x-told": "yes", "set-cookie": ["a=1", "b=2"] });
      answer.end(
        JSON.stringify({ method: request.method, body, key: request.headers["x-api-key"] }),
      );
    });
    return undefined;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const at = (path: string): string => `http://provider.test:${port}${path}`;

describe("a request through a proxy", () => {
  test("arrives whole, and its answer is an ordinary one", async () => {
    const send = outboundFetch({ http: proxy.url });
    const answer = await send(at("/v1/x?y=1"), {
      method: "POST",
      headers: { "x-api-key": "k" },
      body: "größe",
    });
    expect([answer.status, answer.ok, answer.headers.get("x-told")]).toEqual([201, true, "yes"]);
    expect(await answer.json()).toEqual({ method: "POST", body: "größe", key: "k" });
    expect(proxy.asked).toEqual([`POST ${at("/v1/x?y=1")}`]);
  });

  test("names the user of the proxy to it alone", async () => {
    const send = outboundFetch({ http: proxy.url.replace("://", "://me:s%40fe@") });
    const answer = await send(at("/"));
    expect(await answer.json()).toMatchObject({ method: "GET", body: "" });
    expect(proxy.asked).toEqual([`GET ${at("/")} by me:s@fe`]);
  });

  test("that is given up ends with the reason, also in the middle of the answer", async () => {
    const send = outboundFetch({ http: proxy.url });
    const ending = new AbortController();
    const answer = await send(at("/silent"), { signal: ending.signal });
    const reading = answer.text();
    ending.abort(new Error("enough"));
    await expect(reading).rejects.toThrow();
    await expect(send(at("/"), { signal: ending.signal })).rejects.toThrow("enough");
  });

  test("follows no redirect, and fails by one where that is asked for", async () => {
    const send = outboundFetch({ http: proxy.url });
    expect((await send(at("/moved"))).status).toBe(307);
    await expect(send(at("/moved"), { redirect: "error" })).rejects.toThrow("fetch failed");
  });
});

test("a proxy that is away, or refuses, has sent nothing on: the error says so as a refused connection does", async () => {
  const away = outboundFetch({ http: "http://127.0.0.1:1" });
  await expect(away(at("/"))).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
  const strict = await startHttpProxy(407);
  try {
    const send = outboundFetch({ https: strict.url });
    await expect(send("https://provider.test/v1")).rejects.toMatchObject({
      cause: { code: "ECONNREFUSED", message: expect.stringContaining("answered 407 when asked") },
    });
    expect(strict.asked).toEqual(["CONNECT provider.test:443"]);
  } finally {
    await strict.close();
  }
});

test("what is on this machine is asked for directly", async () => {
  const send = outboundFetch({ http: proxy.url, https: proxy.url });
  expect((await send(`http://127.0.0.1:${port}/`)).status).toBe(201);
  expect(proxy.asked).toEqual([]);
});
