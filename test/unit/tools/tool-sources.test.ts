import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import type { AgentDefinition } from "../../../activities/agents.ts";
import { toolsFor } from "../../../activities/offered-tools.ts";
import type { FilesFolder } from "../../../activities/files-folder.ts";
import { builtInSource } from "../../../activities/tool-sources/built-in.ts";
import {
  listedTools,
  listTools,
  openTool,
  type ToolSource,
} from "../../../activities/tool-sources/tool-source.ts";
import { defineTool, type Tool } from "../../../activities/tools/define-tool.ts";
import { readConfig } from "../../../src/config.ts";
import type { CallerPolicy } from "../../../src/domain/run/order.ts";
import type { Permission } from "../../../src/domain/permission.ts";
import { contextFor } from "./support.ts";

const OFFLINE = readConfig({ PAWL_OFFLINE_MODEL: "1" });
const ONLINE = readConfig({ PAWL_BLOCKED_DOMAINS: "bad.example" });

const ELSEWHERE = { kind: "elsewhere" } as const;

function tool(name: string, says = name, permission: Permission = "read"): Tool {
  return defineTool({
    name,
    description: `Says ${says}.`,
    input: z.object({}),
    permission,
    effect: "idempotent",
    timeoutMs: 600_000,
    execute: () => says,
  });
}

/** Has tools for one agent alone, and knows them only when it is asked. */
function remote(agentName: string, tools: readonly Tool[]): ToolSource {
  const listed = listedTools("remote", tools);
  return {
    ...listed,
    list: async (terms) => (terms.agent.name === agentName ? await listed.list(terms) : []),
  };
}

const agentWith = (...tools: string[]): AgentDefinition => ({ name: "a", instructions: "", tools });
const termsOf = (agent: AgentDefinition, costCapMicroUsd = 1_000_000) => ({
  tenant: "local",
  agent,
  models: ["claude-sonnet-5-5"],
  costCapMicroUsd,
});

describe("tools of a second source", () => {
  const sources = [
    builtInSource(OFFLINE, ELSEWHERE),
    remote("a", [tool("weather"), tool("post", "posted", "write")]),
  ];
  const offered = (agent: AgentDefinition, caller: CallerPolicy = {}, config = OFFLINE) =>
    toolsFor(termsOf(agent), { policy: caller }, { toolSources: sources, config });

  test("are offered to the agent that names them, under the same rules as all others", async () => {
    const { tools, policy } = await offered(agentWith("calculator", "weather", "post"));
    expect(tools.map(({ name }) => name)).toEqual(["calculator", "weather", "post"]);
    expect(policy).toEqual({ calculator: "allow", weather: "allow", post: "ask" });
    const { tools: none } = await offered({ ...agentWith("weather"), name: "b" });
    expect(none).toEqual([]);
  });

  test("keep to the operator's time for a call, and to what the operator allows", async () => {
    const { tools } = await offered(agentWith("weather"));
    expect(tools).toMatchObject([{ name: "weather", timeoutMs: OFFLINE.timers.toolTimeoutMs }]);
    const narrow = readConfig({ PAWL_OFFLINE_MODEL: "1", PAWL_AGENT_ALLOWED_TOOLS: "calculator" });
    expect((await offered(agentWith("weather"), {}, narrow)).tools).toEqual([]);
  });

  test("can be denied by a caller, and a name that no source knows is a mistake", async () => {
    const { tools, policy } = await offered(agentWith("weather"), { deny: ["weather"] });
    expect([tools, policy]).toEqual([[], { weather: "deny" }]);
    await expect(offered(agentWith("weather"), { deny: ["wether"] })).rejects.toThrow(
      /names wether, and there is no such tool\. There are: .*weather, post\./,
    );
  });

  test("are executed where a call names them", async () => {
    expect(await (await openTool(sources, "weather"))?.run({}, contextFor())).toEqual({
      text: "weather",
      isError: false,
    });
    expect(await openTool(sources, "constructor")).toBeNull();
  });
});

test("Z1: a name belongs to the first source that has it, in the list and for a call", async () => {
  const sources = [
    listedTools("first", [tool("search", "ours")]),
    listedTools("second", [tool("search", "theirs"), tool("more")]),
  ];
  const listed = await listTools(sources, termsOf(agentWith("search", "more")));
  expect(listed.map(({ spec }) => spec.description)).toEqual(["Says ours.", "Says more."]);
  const opened = await openTool(sources, "search");
  expect(await opened?.run({}, contextFor())).toMatchObject({ text: "ours" });
});

test("files are not offered by a worker that can't keep them, and rules may name their tools all the same", async () => {
  const offered = async (files: FilesFolder, caller: CallerPolicy = {}) => {
    const toolSources = [builtInSource(OFFLINE, files)];
    const agent = agentWith("write_file", "calculator", "read_file", "list_files", "edit_file");
    return await toolsFor(termsOf(agent), { policy: caller }, { toolSources, config: OFFLINE });
  };
  const usable = await offered({ kind: "usable", dir: "/files", folderId: "1", roots: [] });
  expect(usable.tools).toHaveLength(5);
  const broken = { kind: "unusable", dir: "/files", why: "permission denied" } as const;
  for (const caller of [{}, { ask: ["write_file"] }, { deny: ["write_file"] }]) {
    const { tools } = await offered(broken, caller);
    expect(tools.map(({ name }) => name)).toEqual(["calculator"]);
  }
});

test("of roots a model is told with the tools that may use them, and without any they are as ever", async () => {
  const names = ["read_file", "list_files", "write_file", "edit_file", "calculator"];
  const described = async (roots: readonly (readonly [string, boolean])[]) => {
    const opened = roots.map(([path, isWritable]) => ({
      ...{ path, isWritable, place: { root: path, isOwn: false, closed: [] } },
    }));
    const files = { kind: "usable", dir: "/files", folderId: "1", roots: opened } as const;
    const toolSources = [builtInSource(OFFLINE, files)];
    const { tools } = await toolsFor(
      termsOf(agentWith(...names)),
      {},
      { toolSources, config: OFFLINE },
    );
    return new Map(tools.map(({ name, description }) => [name, description]));
  };
  const plain = await described([]);
  const reading = await described([["/data", false]]);
  const both = await described([
    ["/data", false],
    ["/out", true],
  ]);
  const also = (name: string, roots: string) =>
    `${plain.get(name)} Besides that folder, absolute paths below these are possible: ${roots}.`;
  expect(reading.get("read_file")).toBe(also("read_file", "/data (read only)"));
  expect(reading.get("write_file")).toBe(plain.get("write_file"));
  expect(both.get("list_files")).toBe(also("list_files", "/data (read only), /out"));
  expect(both.get("edit_file")).toBe(also("edit_file", "/out"));
  expect(both.get("calculator")).toBe(plain.get("calculator"));
});

describe("the web is asked", () => {
  const agent = agentWith("web_fetch", "http_request");
  const offered = async (env: NodeJS.ProcessEnv, permission?: "read") => {
    const config = readConfig({ PAWL_OFFLINE_MODEL: "1", ...env });
    const toolSources = [builtInSource(config, ELSEWHERE)];
    const order = permission === undefined ? {} : { permission };
    return await toolsFor(termsOf(agent), order, { toolSources, config });
  };

  test("at declared servers by http_request, and by nobody where none is declared", async () => {
    const { tools } = await offered({});
    expect(tools.map(({ name }) => name)).toEqual(["web_fetch"]);
    const declared = await offered({ PAWL_ALLOWED_DOMAINS: "example.com" });
    expect(declared.tools.map(({ name }) => name)).toEqual(["web_fetch", "http_request"]);
    expect(declared.policy).toEqual({
      web_fetch: "allow",
      http_request: "ask",
      "http_request(read)": "allow",
    });
  });

  test("by a run that is held to reading with what reads alone", async () => {
    const { tools } = await offered({ PAWL_ALLOWED_DOMAINS: "example.com" }, "read");
    expect(tools.map(({ name }) => name)).toEqual(["web_fetch"]);
  });

  test.each([
    [{ PAWL_SEARCH: "brave" }, "BRAVE_SEARCH_API_KEY"],
    [{ PAWL_SEARCH: "tavily" }, "TAVILY_API_KEY"],
    [{ PAWL_SEARCH: "searxng" }, "SEARXNG_URL"],
    [
      {
        PAWL_OFFLINE_MODEL: "0",
        PAWL_ALLOWED_DOMAINS: "a.example",
        PAWL_BLOCKED_DOMAINS: "b.a.example",
      },
      "PAWL_BLOCKED_DOMAINS",
    ],
  ])("with a mistake in %j not at all, and the worker says so when it starts", (env, name) => {
    const config = readConfig({ PAWL_OFFLINE_MODEL: "1", ...env });
    expect(() => builtInSource(config, ELSEWHERE)).toThrow(
      expect.objectContaining({ code: "CONFIG", message: expect.stringContaining(name) }),
    );
  });
});

describe("the web is searched", () => {
  const agent = agentWith("web_search", "calculator");
  const search = (config: typeof OFFLINE, caller: CallerPolicy = {}, capMicroUsd = 1_000_000) =>
    toolsFor(
      termsOf(agent, capMicroUsd),
      { policy: caller },
      {
        toolSources: [builtInSource(config, ELSEWHERE)],
        config,
      },
    );

  const LOCAL = { ANTHROPIC_BASE_URL: "http://127.0.0.1:8080" };

  test.each<[string, NodeJS.ProcessEnv, readonly string[], readonly string[]]>([
    ["by our own tool at a server of others", LOCAL, ["web_search", "calculator"], []],
    [
      "by such a server, if it is told to",
      { ...LOCAL, PAWL_WEB_SEARCH: "server" },
      ["calculator"],
      ["web_search"],
    ],
    [
      "by our own tool, if it is told to",
      { PAWL_WEB_SEARCH: "own" },
      ["web_search", "calculator"],
      [],
    ],
    [
      "by Anthropic at an address of its own",
      { ANTHROPIC_BASE_URL: "https://eu.api.anthropic.com/" },
      ["calculator"],
      ["web_search"],
    ],
    [
      "by nobody who is only called like it",
      { ANTHROPIC_BASE_URL: "https://anthropic.com.example" },
      ["web_search", "calculator"],
      [],
    ],
    [
      "by the service that is chosen, though the provider could",
      { PAWL_SEARCH: "brave", BRAVE_SEARCH_API_KEY: "k" },
      ["web_search", "calculator"],
      [],
    ],
    [
      "by the provider all the same, if it is told to",
      { PAWL_SEARCH: "corpus", PAWL_WEB_SEARCH: "server" },
      ["calculator"],
      ["web_search"],
    ],
    ["by nobody, if it is told so", { PAWL_WEB_SEARCH: "off" }, ["calculator"], []],
  ])("%s", async (_, env, ours, theirs) => {
    const { tools, serverTools, standInTools = [] } = await search(readConfig(env));
    expect(tools.map(({ name }) => name)).toEqual(ours);
    expect(serverTools.map(({ name }) => name)).toEqual(theirs);
    expect(standInTools.map(({ name }) => name)).toEqual(theirs);
  });

  test("by nobody, and a caller may deny it all the same", async () => {
    const off = readConfig({ PAWL_WEB_SEARCH: "off" });
    const { tools } = await search(off, { deny: ["web_search"] });
    expect(tools.map(({ name }) => name)).toEqual(["calculator"]);
  });

  test("by the bundled corpus where there is no provider", async () => {
    const { tools, serverTools } = await search(OFFLINE);
    expect(tools.map(({ name }) => name)).toEqual(["web_search", "calculator"]);
    expect(serverTools).toEqual([]);
  });

  test("by the provider where there is one, and then by nobody else", async () => {
    const { tools, serverTools, policy } = await search(ONLINE);
    expect(tools.map(({ name }) => name)).toEqual(["calculator"]);
    expect(serverTools).toMatchObject([{ name: "web_search", blocked_domains: ["bad.example"] }]);
    expect(policy).toMatchObject({ web_search: "allow" });
  });

  test("by the provider in the allowed domains alone, as it writes them", async () => {
    const { serverTools } = await search(
      readConfig({
        PAWL_ALLOWED_DOMAINS: "münchen.example,https://erp.example:8443",
        PAWL_BLOCKED_DOMAINS: "erp.example",
      }),
    );
    expect(serverTools).toMatchObject([{ allowed_domains: ["xn--mnchen-3ya.example"] }]);
  });

  test("as often as the run can pay for, and by nobody where that is never", async () => {
    const { serverTools } = await search(ONLINE, {}, 100_000);
    expect(serverTools).toMatchObject([{ name: "web_search", max_uses: 1 }]);
    const poor = await search(ONLINE, { ask: ["write_file"] }, 1000);
    expect([poor.tools.map(({ name }) => name), poor.serverTools]).toEqual([["calculator"], []]);
    expect(poor.policy).toMatchObject({ web_search: "allow" });
  });

  test.each<[string, CallerPolicy]>([
    ["be denied", { deny: ["web_search"] }],
    [
      "be asked about, since nobody can be asked about the provider's own calls",
      { ask: ["web_search"] },
    ],
  ])("not at all where it shall %s", async (_, caller) => {
    const { tools, serverTools } = await search(ONLINE, caller);
    expect([tools.map(({ name }) => name), serverTools]).toEqual([["calculator"], []]);
  });
});
