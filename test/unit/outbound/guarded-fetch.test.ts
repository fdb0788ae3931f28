// What the guard does with servers that it may ask. Where nothing may arrive is guard-vectors.test.ts.

import { afterEach, describe, expect, test } from "@jest/globals";
import type { RequestListener } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { guardedFetch } from "../../../src/outbound/guarded-fetch.ts";
import type { OutboundPolicy } from "../../../src/outbound/outbound-policy.ts";
import { startCountingServer, type CountingServer } from "../../support/counting-servers.ts";

const servers: CountingServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(answer: RequestListener): Promise<CountingServer> {
  const server = await startCountingServer(answer);
  servers.push(server);
  return server;
}

function guardFor(named: readonly CountingServer[], more: Partial<OutboundPolicy> = {}) {
  const namedOrigins = named.map(({ url }) => new URL(url).origin);
  return guardedFetch({ bodyBytesMax: 1000, timeoutMs: 30_000, namedOrigins, ...more });
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
      expect([
        answer.status,
        answer.headers.get("x-seen"),
        answer.headers.get("content-encoding"),
      ]).toEqual([201, "1,undefined", null]);
      expect(await answer.text()).toBe("größe x");
      expect([answer.url, answer.redirected]).toEqual([`${server.url}/a?b=c#d`, false]);
      expect(server.requests).toEqual(["POST /a?b=c"]);
    },
  );
});
