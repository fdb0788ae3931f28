// What the guard does with servers that it may ask. Where nothing may arrive is guard-vectors.test.ts.

import { afterEach, describe, expect, test } from "@jest/globals";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { guardedFetch } from "../../../src/outbound/guarded-fetch.ts";
import { nextHop } from "../../../src/outbound/next-hop.ts";
import type { OutboundPolicy } from "../../../src/outbound/outbound-policy.ts";
import { startCountingServer, type CountingServer } from "../../support/counting-servers.ts";
import { startHttpProxy } from "../../support/http-proxy.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0)) await cleanUp();
});

async function serve(answer: RequestListener): Promise<CountingServer> {
  const server = await startCountingServer(answer);
  cleanups.push(() => server.stop());
  return server;
}

function guardFor(named: readonly { readonly url: string }[], more: Partial<OutboundPolicy> = {}) {
  const namedOrigins = named.map(({ url }) => new URL(url).origin);
  return guardedFetch({ bodyBytesMax: 1000, timeoutMs: 60_000, namedOrigins, ...more });
}

/** What came before the end, and why it ended. */
async function readUp(answer: Response): Promise<{ bytes: number; ended: unknown }> {
  let bytes = 0;
  try {
    for await (const piece of answer.body ?? []) bytes += piece.length;
    return { bytes, ended: "whole" };
  } catch (error) {
    return { bytes, ended: error };
  }
}

describe("an answer", () => {
  test.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["deflate", deflateSync],
  ])(
    "in %s comes decoded, with its final address, and what was sent is what was asked",
    async (encoding, encode) => {
      const server = await serve((request, response) => {
        const seen = [request.headers["x-key"], request.headers["transfer-encoding"]];
        response.writeHead(201, {
          "content-encoding": encoding,
          "x-seen": seen.map(String).join(),
        });
        let body = "";
        request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
        request.on("end", () => response.end(encode(`größe ${body}`)));
      });
      const answer = await guardFor([server])(`${server.url}/a?b=c#d`, {
        method: "POST",
        body: "x",
        headers: { "x-key": "1", "transfer-encoding": "chunked" },
      });
      const { status, headers, url, redirected } = answer;
      expect([status, headers.get("x-seen"), headers.get("content-encoding")]).toEqual([
        201,
        "1,undefined",
        null,
      ]);
      expect(await answer.text()).toBe("größe x");
      expect([url, redirected]).toEqual([`${server.url}/a?b=c#d`, false]);
      expect(server.requests).toEqual(["POST /a?b=c"]);
    },
  );

  test.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("to %s with status %d has no body", async (method, status) => {
    const server = await serve((_, response) => response.writeHead(status).end());
    const answer = await guardFor([server])(server.url, { method });
    expect([answer.status, answer.body]).toEqual([status, null]);
  });

  test.each([
    ["HTTP/1.1 999 Odd\r\n\r\n", "answer"],
    ["SSH-2.0-OpenSSH_9.2\r\n", "unreachable"],
    ["HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "answer"],
    ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip\r\ncontent-length: 0\r\n\r\n", "answer"],
    ["HTTP/1.1 200 OK\r\ncontent-encoding: compress\r\ncontent-length: 0\r\n\r\n", "answer"],
    [`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`, "unreachable"],
  ])("that is none is refused: %.30s", async (raw, reason) => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume().end(raw);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(async () => new Promise((resolve) => server.close(resolve)));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(guardFor([{ url }])(url)).rejects.toMatchObject({ reason });
  });

  test("that breaks off says so, and is not taken for a whole one", async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { "content-length": "500" });
      response.write("half", () => response.destroy());
    });
    const { bytes, ended } = await readUp(await guardFor([server])(server.url));
    expect(bytes).toBe(4);
    expect(ended).toMatchObject({ reason: "answer" });
  });
});

describe("G12: an answer that costs too much ends", () => {
  test("at the limit where it is a bomb, decoded no further than that", async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    const server = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    });
    const before = process.memoryUsage().rss;
    const { bytes, ended } = await readUp(await guardFor([server])(server.url));
    expect(bytes).toBe(1000);
    expect(ended).toMatchObject({ reason: "size" });
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  test("at the limit where it never does, and the server is left alone", async () => {
    let gone: (() => void) | undefined;
    const left = new Promise<void>((resolve) => (gone = resolve));
    const server = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write("endless "));
      };
      response.on("drain", more).on("close", () => gone?.());
      more();
    });
    const { bytes, ended } = await readUp(await guardFor([server])(server.url));
    expect(bytes).toBe(1000);
    expect(ended).toMatchObject({ reason: "size" });
    await left;
  });

  test("exactly at the limit is whole", async () => {
    const server = await serve((_, response) => response.end("x".repeat(1000)));
    expect(await readUp(await guardFor([server])(server.url))).toEqual({
      bytes: 1000,
      ended: "whole",
    });
  });

  test("in time where its bytes drip, though none of them is late", async () => {
    const server = await serve((_, response) => {
      const drip = setInterval(() => response.write("."), 10);
      response.on("close", () => clearInterval(drip));
    });
    const guard = guardFor([server], { timeoutMs: 300 });
    const { bytes, ended } = await readUp(await guard(server.url));
    expect(bytes).toBeLessThan(1000);
    expect(ended).toMatchObject({ reason: "time" });
  });

  test("in time where its headers drip, where nothing comes, and where nobody reads", async () => {
    let gone: (() => void) | undefined;
    const left = new Promise<void>((resolve) => (gone = resolve));
    const server = await serve((request, response) => {
      if (request.url === "/silent") return undefined;
      if (request.url === "/unread") {
        response.on("close", () => gone?.());
        return void response.write("x");
      }
      const drip = setInterval(() => request.socket.write("HTTP/1.1 100 Continue\r\n\r\n"), 10);
      return void request.socket.on("close", () => clearInterval(drip));
    });
    const guard = guardFor([server], { timeoutMs: 300 });
    for (const path of ["/silent", "/headers"])
      await expect(guard(`${server.url}${path}`)).rejects.toMatchObject({ reason: "time" });
    const unread = await guard(`${server.url}/unread`);
    await left;
    await expect(unread.text()).rejects.toMatchObject({ reason: "time" });
  });

  test("in time where redirects and names take it, all of them together", async () => {
    const server = await serve((_, response) => {
      setTimeout(() => response.writeHead(302, { location: "/" }).end(), 100);
    });
    const guard = guardFor([server], { timeoutMs: 300, redirectsMax: 100 });
    await expect(guard(server.url)).rejects.toMatchObject({ reason: "time" });
    const endless = guardFor([], { timeoutMs: 300, resolve: () => new Promise(() => undefined) });
    await expect(endless("http://slow.example.com/")).rejects.toMatchObject({ reason: "time" });
  });

  test("with the caller's own reason where the caller gives up", async () => {
    const server = await serve((_, response) => response.write("x"));
    const ending = new AbortController();
    const answer = await guardFor([server])(server.url, { signal: ending.signal });
    const reading = answer.text();
    ending.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    await expect(guardFor([server])(server.url, { signal: ending.signal })).rejects.toThrow(
      "enough",
    );
  });

  test("not at all, where no limit is set", async () => {
    const server = await serve((_, response) => response.end("x".repeat(100_000)));
    const guard = guardFor([server], { bodyBytesMax: null, timeoutMs: null });
    expect((await (await guard(server.url)).text()).length).toBe(100_000);
  });
});

describe("a redirect", () => {
  const moved =
    (status: number, location: string): RequestListener =>
    (_, response) =>
      response.writeHead(status, { location }).end();

  test("is followed five times and not six", async () => {
    const server = await serve(({ url = "" }, response) => {
      const left = Number(url.slice(1));
      if (left === 0) response.end("there");
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const answer = await guardFor([server])(`${server.url}/5`);
    expect([await answer.text(), answer.url, answer.redirected]).toEqual([
      "there",
      `${server.url}/0`,
      true,
    ]);
    await expect(guardFor([server])(`${server.url}/6`)).rejects.toMatchObject({
      reason: "redirect",
    });
  });

  test("is an answer where that is asked for, and an error where that is", async () => {
    const server = await serve(moved(302, "/x"));
    const answer = await guardFor([server])(server.url, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/x"]);
    await expect(guardFor([server])(server.url, { redirect: "error" })).rejects.toMatchObject({
      reason: "redirect",
    });
  });

  test("G11: takes no key to another origin", async () => {
    const seen: string[][] = [];
    const other = await serve((request, response) => {
      seen.push(Object.keys(request.headers));
      response.end("x");
    });
    const server = await serve(moved(302, other.url));
    await guardFor([server, other])(server.url, {
      headers: { authorization: "Bearer k", cookie: "a=b", "x-api-key": "k", accept: "text/html" },
    });
    expect(seen[0]?.toSorted()).toEqual([
      ...["accept", "accept-encoding", "connection", "host", "user-agent"],
    ]);
  });

  test.each([307, 308])(
    "G11: by %d takes no body to another origin, and one to the same",
    async (status) => {
      const other = await serve((_, response) => response.end("x"));
      const server = await serve(({ url, method }, response) => {
        if (url === "/there") return void response.end(method);
        const location = url === "/other" ? other.url : "/there";
        return void response.writeHead(status, { location }).end();
      });
      const sent = { method: "POST", body: "secret" };
      const guard = guardFor([server, other]);
      await expect(guard(`${server.url}/other`, sent)).rejects.toMatchObject({
        reason: "redirect",
      });
      expect(other.connections).toBe(0);
      expect(await (await guard(`${server.url}/same`, sent)).text()).toBe("POST");
    },
  );

  test.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [302, "PUT", "PUT"],
    [308, "POST", "POST"],
  ])("by %d turns %s into %s", (statusCode, method, turned) => {
    const hop = {
      url: new URL("https://a.example/x"),
      method,
      headers: new Headers(),
      body: Buffer.from("b"),
    };
    const next = nextHop(hop, { statusCode, headers: { location: "/y" } });
    expect([next?.method, next?.url.href]).toEqual([turned, "https://a.example/y"]);
  });

  test("never leads from https to http", () => {
    const hop = {
      url: new URL("https://a.example/"),
      method: "GET",
      headers: new Headers(),
      body: Buffer.alloc(0),
    };
    const to = (location: string) =>
      nextHop(hop, { statusCode: 302, headers: { location } })?.url.href;
    expect(() => to("http://a.example/")).toThrow("unencrypted");
    expect(to("//b.example/")).toBe("https://b.example/");
  });
});

test("TLS is asked for the name, at the address that was checked", async () => {
  let hello = "";
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (bytes) => {
      hello = bytes.toString("latin1");
      socket.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(async () => new Promise((resolve) => server.close(resolve)));
  const url = `https://erp.example.com:${(server.address() as AddressInfo).port}`;
  const guard = guardFor([{ url }], { resolve: async () => ["127.0.0.1"] });
  await expect(guard(url)).rejects.toMatchObject({ reason: "unreachable" });
  expect(hello).toContain("erp.example.com");
});

describe("behind a proxy", () => {
  test("it is asked by name, and never for what can only be an inner place", async () => {
    const proxy = await startHttpProxy();
    cleanups.push(() => proxy.close());
    const guard = guardFor([], {
      proxy: { http: proxy.url, https: proxy.url },
      resolve: () => Promise.reject(new Error("asked here")),
    });
    for (const host of [
      "10.0.0.1",
      "[fd00::1]",
      "postgres",
      "metadata.google.internal",
      "0xa9fea9fe",
    ]) {
      await expect(guard(`http://${host}/`)).rejects.toMatchObject({ reason: "inner" });
      await expect(guard(`https://${host}/`)).rejects.toMatchObject({ reason: "inner" });
    }
    expect(proxy.asked).toEqual([]);
  });

  test("its answer is an answer", async () => {
    const server = await serve((_, response) => response.end("through"));
    const proxy = await startHttpProxy();
    cleanups.push(() => proxy.close());
    // The proxy of the tests takes every name for this machine.
    const url = `http://public.example.com:${server.port}/x`;
    const guard = guardFor([], { proxy: { http: proxy.url }, ports: [server.port] });
    expect(await (await guard(url)).text()).toBe("through");
    expect(proxy.asked).toEqual([`GET ${url}`]);
  });
});
