import { describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMcpFile, readMcpFile } from "../../../src/mcp/read-file.ts";

const ENV = { TOKEN: "token-0123456789", EMPTY: "" };
const read = (servers: unknown, env: NodeJS.ProcessEnv = ENV) =>
  parseMcpFile("/p/.mcp.json", JSON.stringify({ mcpServers: servers }), env);

describe(".mcp.json as people have it", () => {
  test("programs and addresses, with variables and without", () => {
    const { servers, mistakes, notes } = read({
      files: {
        command: "npx",
        args: ["-y", "server", "${DIR:-/data}"],
        env: { API_KEY: "${TOKEN}", N: 3 },
      },
      github: {
        type: "http",
        url: "https://mcp.example/${PLACE:-v1}",
        headers: { Authorization: "Bearer ${TOKEN}" },
      },
      bare: { url: "http://localhost:8080/mcp" },
      off: { command: "x", disabled: true },
    });
    expect(mistakes).toEqual([]);
    expect(notes).toEqual(["/p/.mcp.json: mcpServers.off: switched off"]);
    expect(servers).toMatchObject([
      {
        name: "files",
        way: {
          kind: "stdio",
          command: "npx",
          args: ["-y", "server", "/data"],
          env: { API_KEY: "token-0123456789", N: "3" },
        },
        trustHints: false,
        timeoutMs: null,
      },
      {
        name: "github",
        way: { kind: "http", headers: { Authorization: "Bearer token-0123456789" } },
      },
      { name: "bare", way: { kind: "http" } },
    ]);
    expect(servers[0]?.secrets).toContain("token-0123456789");
    expect(servers[1]?.secrets).toContain("token-0123456789");
  });

  test("what other programs keep there is told, and changes nothing", () => {
    const { servers, notes } = read({ a: { command: "x", alwaysAllow: ["y"] } });
    expect(servers).toHaveLength(1);
    expect(notes).toEqual([
      "/p/.mcp.json: mcpServers.a: alwaysAllow is not known here and changes nothing: type, timeoutMs, trustHints, disabled, description, command, args, env, cwd are",
    ]);
  });

  test("a mistake costs the server that it is in, and no other", () => {
    const { servers, mistakes } = read({ a: { command: "${NOT_THERE}" }, b: { command: "x" } });
    expect(servers.map(({ name }) => name)).toEqual(["b"]);
    expect(mistakes).toEqual([
      "/p/.mcp.json: mcpServers.a.command: the environment variable NOT_THERE is not set: set it where the worker is started, or write ${NOT_THERE:-a default}",
    ]);
  });

  const mistakeIn = (entry: unknown): string => read({ a: entry }).mistakes.join("\n");

  test.each([
    ["no server at all", 7, "a: it is a number"],
    ["a list", [], 'must be {"command"'],
    ["no program", {}, 'command: it is missing: name a program, as "npx"'],
    ["an empty program", { command: "" }, "command: it is empty, and must be a text"],
    [
      "arguments that are a text",
      { command: "x", args: "-y" },
      'args: it is a string, and must be a list: ["one", "two"]',
    ],
    [
      "an argument that is a list",
      { command: "x", args: [["a"]] },
      "args[0]: it is a list, and must be a text",
    ],
    [
      "variables that are a list",
      { command: "x", env: ["A=1"] },
      'env: it is a list, and must be {"NAME": "value"}',
    ],
    [
      "an empty variable",
      { command: "x", env: { A: "${EMPTY}" } },
      "env.A: the environment variable EMPTY is not set",
    ],
    [
      "the word of another editor",
      { command: "x", env: { A: "${env:TOKEN}" } },
      "env.A: ${env:TOKEN} is written ${TOKEN} here",
    ],
    [
      "a variable without a name",
      { command: "${}" },
      "${} names no environment variable: write ${NAME}",
    ],
    [
      "a folder of an editor",
      { command: "x", cwd: "${workspaceFolder/a}" },
      "names no environment variable",
    ],
    [
      "the transport of 2024",
      { type: "sse", url: "https://a.example" },
      'type: the transport "sse" has been replaced: write "http"',
    ],
    [
      "a transport nobody knows",
      { type: "ws", url: "https://a.example" },
      'type: "ws" is unknown: it is "stdio" or "http"',
    ],
    ["no address", { type: "http" }, "url: it is missing"],
    [
      "an address of a file",
      { type: "http", url: "file:///etc" },
      "url: it is no address that begins with https://",
    ],
    ["half an address", { type: "http", url: "mcp.example" }, "url: it is no address"],
    [
      "a password in an address",
      { type: "http", url: "https://u:p@a.example" },
      'url: it holds a password: write "headers"',
    ],
    [
      "a header that is none",
      { url: "https://a.example", headers: { "A b": "c" } },
      "headers.A b: this can't be the name of a header",
    ],
    [
      "a header over two lines",
      { url: "https://a.example", headers: { A: "b\r\nc: d" } },
      "headers.A: a header can't hold the end of a line",
    ],
    [
      "a time in words",
      { command: "x", timeoutMs: "60s" },
      "timeoutMs: it is a whole number of milliseconds",
    ],
    ["trust in words", { command: "x", trustHints: "yes" }, "trustHints: it is true or false"],
    [
      "a secret in the file",
      {
        url: "https://a.example",
        oauth: { clientId: "a", clientSecret: "abc", issuer: "https://i.example" },
      },
      "oauth.clientSecret: a secret belongs in no file",
    ],
    [
      "a login without its giver",
      { url: "https://a.example", oauth: { clientId: "a", clientSecret: "${TOKEN}" } },
      "oauth.issuer: it is missing: name who gives the tokens",
    ],
    [
      "a word of a login that is none",
      {
        url: "https://a.example",
        oauth: {
          clientId: "a",
          clientSecret: "${TOKEN}",
          issuer: "https://i.example",
          callbackPort: 1,
        },
      },
      "oauth: callbackPort is not known here",
    ],
  ])("%s is told with its place and what would be right", (_, entry, told) => {
    expect(mistakeIn(entry)).toContain(told);
    expect(mistakeIn(entry)).toContain("/p/.mcp.json: mcpServers.a");
    expect(read({ a: entry }).servers).toEqual([]);
  });

  test("no mistake quotes a value that was expanded", () => {
    expect(
      mistakeIn({ type: "http", url: "${TOKEN}", headers: { A: "${TOKEN}\n" } }),
    ).not.toContain("0123456789");
  });

  test("a file that is no JSON is told by line and column, and one without servers by what it lacks", () => {
    const broken = parseMcpFile("/p/.mcp.json", '{\n  "mcpServers": {,}\n}', ENV);
    expect(broken.mistakes.join()).toMatch(/^\/p\/\.mcp\.json is no JSON: (line 2, column 18|.*)/);
    expect(parseMcpFile("/p/.mcp.json", '{"servers": {}}', ENV).mistakes.join()).toContain(
      'the servers stand under "mcpServers" and not under "servers"',
    );
    expect(parseMcpFile("/p/.mcp.json", "[]", ENV).mistakes.join()).toContain(
      'stand under "mcpServers"',
    );
    expect(parseMcpFile("/p/.mcp.json", '\uFEFF{"mcpServers": {}}', ENV).mistakes).toEqual([]);
  });

  test("a file whose letters would be lost is told by its line, and no server is begun", () => {
    const dir = mkdtempSync(join(tmpdir(), "pawl-latin1-"));
    const text = '{"mcpServers": {\n"m\u00fcnchen": {"command": "x"}}}';
    writeFileSync(join(dir, ".mcp.json"), Buffer.from(text, "latin1"));
    expect(readMcpFile(dir, {})).toEqual({
      ...{ servers: [], notes: [] },
      mistakes: [`${join(dir, ".mcp.json")}: line 2 is not UTF-8`],
    });
    rmSync(dir, { recursive: true });
  });

  test("no project and no file are no servers", () => {
    const dir = mkdtempSync(join(tmpdir(), "pawl-none-"));
    const nothing = { servers: [], mistakes: [], notes: [] };
    expect([readMcpFile(null), readMcpFile(dir, {})]).toEqual([nothing, nothing]);
    rmSync(dir, { recursive: true });
  });
});
