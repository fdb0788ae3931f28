// F8, case 03: what never left this machine costs nothing, whatever the error is called; what may have left is
// taken as the worst case. Real sockets under the real SDK and the fetch of this very Node.

import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { anthropicModel } from "../../../src/model/anthropic.ts";
import { CallAborted, type Model } from "../../../src/model/model.ts";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import { startUntrustedServer } from "../../support/self-signed.ts";
import {
  END,
  openStream,
  START,
  startScriptedProvider,
  textBlock,
  type ScriptedProvider,
} from "../../support/scripted-provider.ts";

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function scripted(
  ...args: Parameters<typeof startScriptedProvider>
): Promise<ScriptedProvider> {
  const provider = await startScriptedProvider(...args);
  ended.push(() => provider.stop());
  return provider;
}

/** Takes connections and says nothing, as one that hangs in its TLS handshake. */
async function silent(): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ended.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

const failed = (model: Model) => failureOf(model.call(aRequest(), DEAF, NEVER));

describe("a request that never left costs nothing, and fails at once where it would fail again", () => {
  test("a certificate that nobody signed, with what to do about it", async () => {
    const server = await startUntrustedServer();
    ended.push(() => server.stop());
    const failure = await failed(aModel(server.url));
    expect(failure).toMatchObject({
      code: "PROVIDER_UNREACHABLE",
      billing: "unsent",
      isFinal: true,
    });
    expect(failure.message).toContain("self-signed certificate");
    expect(failure.message).toContain("NODE_EXTRA_CA_CERTS");
    expect(server.requests).toBe(0);
  });

  test("TLS to a server that speaks none", async () => {
    const provider = await scripted((response) => response.end());
    const failure = await failed(aModel(provider.url.replace("http:", "https:")));
    expect(failure).toMatchObject({ billing: "unsent", isFinal: true });
    expect(failure.message).toContain("check ANTHROPIC_BASE_URL");
    expect(provider.requests).toHaveLength(0);
  });

  test.each([
    ["a port that fetch refuses", "http://127.0.0.1:9"],
    ["no URL at all", "notaurl"],
    ["a URL of another scheme", "ftp://127.0.0.1/"],
    ["a host that is none", "http://[::zz]/"],
  ])("%s", async (_, baseUrl) => {
    const failure = await failed(aModel(baseUrl));
    expect(failure).toMatchObject({
      code: "PROVIDER_UNREACHABLE",
      billing: "unsent",
      isFinal: true,
    });
  });

  test("a key that can't stand in a header", async () => {
    const provider = await scripted((response) => response.end());
    const timers = { firstByteMs: 9000, idleMs: 9000, progressMs: 9000, totalMs: 9000 };
    const options = { baseUrl: provider.url, offline: false, timers };
    const failure = await failed(anthropicModel({ ...options, apiKey: "sk-ant\nx" }));
    expect(failure).toMatchObject({ billing: "unsent", isFinal: true });
    expect(provider.requests).toHaveLength(0);
  });

  test("a connection that is refused may stand the next time", async () => {
    const gone = await startScriptedProvider(() => undefined);
    await gone.stop();
    const failure = await failed(aModel(gone.url));
    expect(failure).toMatchObject({ billing: "unsent", isFinal: false });
  });

  test("a handshake that is never answered, when the first byte is late", async () => {
    const place = await silent();
    const failure = await failed(aModel(`https://${place}`, { firstByteMs: 200 }));
    expect(failure).toMatchObject({ code: "PROVIDER_TIMEOUT", billing: "unsent" });
  });

  test("a call that is given up during the handshake", async () => {
    const place = await silent();
    const stop = AbortSignal.timeout(200);
    const error: unknown = await aModel(`https://${place}`)
      .call(aRequest(), DEAF, stop)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CallAborted);
    expect(error).toMatchObject({ wasSent: false });
  });
});

describe("a request that may have left", () => {
  test("is taken as the worst case where the connection breaks before a header", async () => {
    const provider = await scripted((response) => response.socket?.resetAndDestroy());
    expect(await failed(aModel(provider.url))).toMatchObject({
      code: "PROVIDER_UNREACHABLE",
      billing: "unknown",
      isFinal: false,
    });
  });

  test("also on a connection that has served before", async () => {
    const provider = await scripted((response, n) => {
      if (n === 1) openStream(response).end(START + textBlock(0, "Fine.") + END);
      else response.socket?.resetAndDestroy();
    });
    const model = aModel(provider.url);
    await model.call(aRequest(), DEAF, NEVER);
    expect(await failed(model)).toMatchObject({ billing: "unknown" });
  });

  test("and where the first byte is late", async () => {
    const provider = await scripted(() => undefined);
    const failure = await failed(aModel(provider.url, { firstByteMs: 200 }));
    expect(failure).toMatchObject({ code: "PROVIDER_TIMEOUT", billing: "unknown" });
    expect(provider.requests).toHaveLength(1);
  });

  test("and where it was given up without an answer", async () => {
    const abort = new AbortController();
    const provider = await scripted(() => abort.abort());
    const error: unknown = await aModel(provider.url)
      .call(aRequest(), DEAF, abort.signal)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "CallAborted", wasSent: true });
  });
});

test("calls side by side are told apart, each by its own connection", async () => {
  const place = await silent();
  const provider = await scripted((response) => response.socket?.resetAndDestroy());
  const unsent = aModel(`https://${place}`, { firstByteMs: 400 });
  const sent = aModel(provider.url);
  const failures = await Promise.all(
    Array.from({ length: 24 }, (_, n) => failed(n % 2 === 0 ? unsent : sent)),
  );
  const billings = failures.map(({ billing }) => billing);
  expect(billings).toEqual(billings.map((__, n) => (n % 2 === 0 ? "unsent" : "unknown")));
});

describe("a ping", () => {
  test("is free, and succeeds where the provider answers", async () => {
    const provider = await scripted((response) =>
      response
        .writeHead(200, { "content-type": "application/json" })
        .end('{"type":"model","id":"m"}'),
    );
    await aModel(provider.url).ping("m", NEVER);
    expect(provider.requests).toMatchObject([{ path: "/v1/models/m" }]);
  });

  test.each<[string, number, string]>([
    ["a proxy without a server behind it", 502, "PROVIDER_UNAVAILABLE"],
    ["a page in place of the API", 200, "PROVIDER_UNAVAILABLE"],
    ["a server that knows no such place", 404, "PROVIDER_REJECTED"],
  ])("tells %s apart", async (_, status, code) => {
    const provider = await scripted((response) =>
      response.writeHead(status, { "content-type": "text/html" }).end("<h1>Sorry</h1>"),
    );
    const failure = await failureOf(aModel(provider.url).ping("m", NEVER));
    expect(failure).toMatchObject({ code, billing: "unsent" });
  });
});
