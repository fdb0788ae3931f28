import { afterEach, describe, expect, test } from "@jest/globals";
import type { RequestListener } from "node:http";
import { httpRequestTool } from "../../../activities/tools/http-request.ts";
import { ToolError } from "../../../activities/tools/tool-error.ts";
import { domainsIn } from "../../../src/outbound/domains.ts";
import { guardedFetch } from "../../../src/outbound/guarded-fetch.ts";
import { startCountingServer, type CountingServer } from "../../support/counting-servers.ts";
import { contextFor } from "./support.ts";

const servers: CountingServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(answer: RequestListener): Promise<CountingServer> {
  const server = await startCountingServer(answer);
  servers.push(server);
  return server;
}

const echo: RequestListener = (request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
  request.on("end", () => {
    const { method, headers } = request;
    response.setHeader("set-cookie", "session=1");
    response.writeHead(201, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ method, body, type: headers["content-type"], key: headers["x-key"] }),
    );
  });
};

/** The servers that run now are declared, and the first one's secret is KEY. */
function ask(input: Record<string, unknown>) {
  const declared = servers.map(({ url }) => url);
  const allowed = domainsIn([...declared, "api.example.com"]) ?? { domains: [], origins: [] };
  const tool = httpRequestTool({
    send: guardedFetch({
      bodyBytesMax: 1000,
      timeoutMs: 60_000,
      allowed,
      resolve: async () => ["10.0.0.1"],
    }),
    secrets: { KEY: declared.slice(0, 1), OTHER: ["api.example.com"] },
  });
  const secret = (name: string): string => {
    if (name === "KEY") return "canary-1234";
    throw new ToolError(`no secret ${name} here`);
  };
  return tool.run(input, contextFor({ secret }));
}

describe("a request", () => {
  test("goes to a declared server, which may be an inner one, and comes back whole", async () => {
    const { url } = await serve(echo);
    const { text, isError } = await ask({ method: "POST", url: `${url}/x`, body: '{"a":1}' });
    expect(isError).toBe(false);
    expect(text).toContain(`[from ${new URL(url).host}: `);
    expect(text).toContain("\nHTTP 201 Created\n");
    expect(text).not.toContain("session=1");
    expect(JSON.parse(text.split("\n").at(-1) ?? "")).toEqual({
      method: "POST",
      body: '{"a":1}',
      type: "application/json",
    });
  });

  test.each([404, 500])("that is answered with %d has an answer, and no error", async (status) => {
    const { url } = await serve((_, response) => response.writeHead(status).end("why"));
    const { text, isError } = await ask({ method: "GET", url });
    expect([isError, text.includes(`HTTP ${status}`), text.endsWith("\nwhy")]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test.each([
    ["http://127.0.0.1:PORT/", "not among those"],
    ["https://example.org/", "not among those"],
    ["https://api.example.com/", "public Internet"],
    ["https://api.example.com:8443/", "port 8443"],
    ["http://user:pw@api.example.com/", "password"],
  ])("to %s is refused, and nothing is sent", async (url, why) => {
    const other = await startCountingServer();
    try {
      const output = await ask({ method: "GET", url: url.replace("PORT", String(other.port)) });
      expect(output).toMatchObject({
        isError: true,
        effect: "none",
        text: expect.stringContaining(why),
      });
      expect(other.connections).toBe(0);
    } finally {
      await other.stop();
    }
  });

  test("is not followed to a server that is not declared", async () => {
    const other = await startCountingServer();
    const { url } = await serve((_, response) =>
      response.writeHead(302, { location: other.url }).end(),
    );
    const { isError } = await ask({ method: "GET", url });
    expect([isError, other.connections]).toEqual([true, 0]);
    await other.stop();
  });

  test("whose answer is lost may have taken effect, where it does more than read", async () => {
    const { url } = await serve((request) => request.socket.destroy());
    expect(await ask({ method: "POST", url, body: "x" })).toMatchObject({
      effect: "unknown",
      text: expect.stringContaining("may have taken effect"),
    });
    expect(await ask({ method: "GET", url })).toMatchObject({ isError: true, effect: "none" });
  });

  test("that reads has no body, and other methods than the known ones are mistakes", async () => {
    const { url, ...server } = await serve(echo);
    expect(await ask({ method: "GET", url, body: "x" })).toMatchObject({ isError: true });
    expect(await ask({ method: "TRACE", url })).toMatchObject({ isError: true });
    expect(await ask({ method: "get", url })).toMatchObject({ isError: true });
    expect(await ask({ method: "GET", url, headers: { "x-a": "a\nb: c" } })).toMatchObject({
      isError: true,
    });
    expect(server.connections).toBe(0);
  });
});

describe("a secret", () => {
  test("is put into a header as the request leaves", async () => {
    const { url } = await serve(echo);
    const { text } = await ask({
      method: "GET",
      url,
      headers: { "x-key": "Bearer {{secret:KEY}}" },
    });
    // What comes back is searched for it by the source that all tools are behind (scrubbed.ts).
    expect(text).toContain('"key":"Bearer canary-1234"');
  });

  test.each([
    ["for another server", { headers: { "x-key": "{{secret:OTHER}}" } }],
    ["that nobody knows", { headers: { "x-key": "{{secret:NONE}}" } }],
    ["that is none by its name", { headers: { "x-key": "{{secret:__proto__}}" } }],
    ["in the body", { body: "{{secret:KEY}}" }],
  ])("%s is refused, and nothing is sent", async (_, more) => {
    const server = await serve(echo);
    const { text, isError } = await ask({ method: "POST", url: server.url, ...more });
    expect([isError, server.connections]).toEqual([true, 0]);
    expect(text).not.toContain("canary");
  });

  test("in the address is refused", async () => {
    const server = await serve(echo);
    const { isError } = await ask({ method: "GET", url: `${server.url}/?k={{secret:KEY}}` });
    expect([isError, server.connections]).toEqual([true, 0]);
  });

  test("for a domain never leaves unencrypted", async () => {
    const headers = { "x-key": "{{secret:OTHER}}" };
    const { text } = await ask({ method: "GET", url: "http://api.example.com/", headers });
    expect(text).toContain("over https");
  });

  test("does not follow a redirect to another origin", async () => {
    const seen: unknown[] = [];
    const there = await startCountingServer(({ headers }, response) => {
      seen.push(headers["x-key"]);
      response.end();
    });
    const { url } = await serve((_, response) =>
      response.writeHead(302, { location: there.url }).end(),
    );
    servers.push(there);
    await ask({ method: "GET", url, headers: { "x-key": "{{secret:KEY}}" } });
    expect(seen).toEqual([undefined]);
  });

  test("is named to the model, and its value is not", () => {
    const { spec } = httpRequestTool({ send: fetch, secrets: { KEY: ["https://a.example"] } });
    expect(spec.description).toContain("KEY (https://a.example)");
    expect(spec).toMatchObject({
      permission: "write",
      effect: "once",
      readsWhere: { argument: "method" },
    });
  });
});
