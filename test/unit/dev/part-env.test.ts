// What each part of a stack is told: what any program needs, and no setting or secret beyond its use.

import { describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../../src/config.ts";
import { wantsOfflineModel, type PartContext } from "../../../src/dev/part-context.ts";
import { baseEnv, gatewayEnv, workerEnv } from "../../../src/dev/part-env.ts";

function contextOf(env: NodeJS.ProcessEnv): PartContext {
  const config = readConfig(env);
  return {
    stateDir: "/state",
    config,
    env,
    ports: { temporal: 1, model: 4, gateway: 5 },
    namespace: "default",
    temporalAddress: "127.0.0.1:1",
    socketFolder: "/sockets",
    databaseUrl: "postgres://postgres@127.0.0.1:3/postgres",
    modelUrl: wantsOfflineModel(config) ? "http://127.0.0.1:4" : null,
  };
}

const SHELL = {
  PATH: "/bin",
  HOME: "/srv/ann",
  AWS_SECRET_ACCESS_KEY: "of another tool",
  OTEL_SERVICE_NAME: "demo",
  ANTHROPIC_CUSTOM_HEADERS: "x: y",
  TEMPORAL_TLS: "true",
  PAWL_RUN_CAP_USD: "2",
  PAWL_WEBHOOK_SECRET: "whsec",
  https_proxy: "http://proxy:1",
  PAWL_TASK_QUEUE: "",
};

test("servers that are not asked for money know no setting at all", () => {
  expect(baseEnv(SHELL, "/state")).toEqual({ PATH: "/bin", HOME: "/srv/ann", USER: "pawl" });
});

test("a user without a home is lent the state folder, and one with a home keeps it", () => {
  expect(baseEnv({ PATH: "/bin", HOME: "" }, "/state")).toEqual({
    PATH: "/bin",
    HOME: "/state",
    USER: "pawl",
  });
  expect(baseEnv({ HOME: "/h", USER: "ann" }, "/state")).toEqual({ HOME: "/h", USER: "ann" });
});

test("the worker is given the variables that .mcp.json names, and the gateway is not", () => {
  const dir = mkdtempSync(join(tmpdir(), "pawl-mcp-env-"));
  const servers = { a: { command: "${PROGRAM}", env: { TOKEN: "${MY_TOKEN:-none}" } } };
  writeFileSync(join(dir, ".mcp.json"), JSON.stringify({ mcpServers: servers }));
  const env = { ...SHELL, PAWL_PROJECT_DIR: dir, MY_TOKEN: "t", PROGRAM: "p", OTHER: "o" };
  const context = contextOf(env);
  expect(workerEnv(context)).toMatchObject({ MY_TOKEN: "t", PROGRAM: "p" });
  expect(workerEnv(context)).not.toHaveProperty("OTHER");
  expect(gatewayEnv(context)).not.toHaveProperty("MY_TOKEN");
  expect(gatewayEnv(context)).toMatchObject({ PATH: "/bin" });
  rmSync(dir, { recursive: true });
});

describe("the worker", () => {
  test("knows the settings and the proxy, and nothing of other tools or other servers", () => {
    const env = workerEnv(contextOf(SHELL));
    expect(env).toMatchObject({
      PAWL_RUN_CAP_USD: "2",
      PAWL_WEBHOOK_SECRET: "whsec",
      https_proxy: "http://proxy:1",
      TEMPORAL_ADDRESS: "127.0.0.1:1",
      ANTHROPIC_API_KEY: "offline",
    });
    for (const name of ["AWS_SECRET_ACCESS_KEY", "OTEL_SERVICE_NAME", "TEMPORAL_TLS"]) {
      expect(env).not.toHaveProperty(name);
    }
    expect(env).not.toHaveProperty("PAWL_TASK_QUEUE");
    expect(env).not.toHaveProperty("ANTHROPIC_CUSTOM_HEADERS");
  });

  test.each<[string, NodeJS.ProcessEnv, string]>([
    ["a cap for all tenants together where nobody set one: more names are no more money", {}, "10"],
    ["the cap that was set", { PAWL_GLOBAL_DAY_CAP_USD: "3" }, "3"],
    ["no more for a tenant that may spend more", { PAWL_TENANT_DAY_CAP_USD: "500" }, "10"],
    ["the default for a cap that is empty", { PAWL_GLOBAL_DAY_CAP_USD: "" }, "10"],
  ])("has %s", (_, env, capUsd) => {
    expect(workerEnv(contextOf(env))["PAWL_GLOBAL_DAY_CAP_USD"]).toBe(capUsd);
    const { caps } = readConfig(workerEnv(contextOf(env)));
    expect(caps.globalDayMicroUsd).toBe(Number(capUsd) * 1_000_000);
  });

  test("beside an offline model is not handed the file of a key, which would hold before its own", () => {
    const env = { PAWL_OFFLINE_MODEL: "1", ANTHROPIC_API_KEY_FILE: "/dev/null" };
    const context = { ...contextOf({ PAWL_OFFLINE_MODEL: "1" }), env };
    expect(workerEnv(context)).not.toHaveProperty("ANTHROPIC_API_KEY_FILE");
  });

  test("uses a database of the user's own as it is", () => {
    const url = "postgres://u:p@db.example/x";
    expect(workerEnv(contextOf({ DATABASE_URL: url }))["DATABASE_URL"]).toBe(url);
  });

  test("is not led elsewhere by libpq's variables where the database is the stack's own", () => {
    const shell = { PGHOST: "db.example", PGPORT: "6543", PGPASSWORD: "s", PGSSLMODE: "require" };
    expect(workerEnv(contextOf(shell))).not.toHaveProperty("PGPORT");
    expect(readConfig(workerEnv(contextOf(shell))).database.access).toMatchObject({
      places: [{ host: "127.0.0.1", port: 3 }],
      password: null,
    });
    const own = { ...shell, DATABASE_URL: "postgres://u@/x" };
    expect(readConfig(workerEnv(contextOf(own))).database.access).toMatchObject({
      places: [{ host: "db.example", port: 6543 }],
      password: "s",
    });
  });

  test("reads from it what the stack reads", () => {
    const context = contextOf({ ...SHELL, ANTHROPIC_API_KEY: "sk-1" });
    const { provider, caps, proxy } = readConfig(workerEnv(context));
    expect({ provider, caps: caps.runMicroUsd, proxy }).toEqual({
      provider: context.config.provider,
      caps: context.config.caps.runMicroUsd,
      proxy: context.config.proxy,
    });
  });
});

describe("the gateway", () => {
  const OF_THE_CRM = '{"CRM":{"value":"Bearer 12345678","for":["crm.example"]}}';
  const WORKERS: NodeJS.ProcessEnv = {
    ...SHELL,
    PAWL_SECRETS: OF_THE_CRM,
    BRAVE_SEARCH_API_KEY: "brave",
    TAVILY_API_KEY: "tavily",
  };

  test.each(["PAWL_WEBHOOK_SECRET", "PAWL_SECRETS", "BRAVE_SEARCH_API_KEY", "TAVILY_API_KEY"])(
    "tells no webhook and executes no tool, and has no %s for it, nor its file",
    (name) => {
      const context = { ...contextOf(WORKERS), env: { ...WORKERS, [`${name}_FILE`]: "/x" } };
      expect(workerEnv(context)).toHaveProperty(name);
      const env = gatewayEnv(context);
      for (const given of [name, `${name}_FILE`]) expect(env).not.toHaveProperty(given);
      expect(env).toMatchObject({ PAWL_RUN_CAP_USD: "2" });
    },
  );
});

test.each<[string, NodeJS.ProcessEnv, boolean]>([
  ["neither key nor address", {}, true],
  ["a key", { ANTHROPIC_API_KEY: "k" }, false],
  ["a key by the name that gateways use", { ANTHROPIC_AUTH_TOKEN: "t" }, false],
  ["an address that is not Anthropic's", { ANTHROPIC_BASE_URL: "http://127.0.0.1:11434" }, false],
  ["Anthropic's address alone", { ANTHROPIC_BASE_URL: "https://api.anthropic.com" }, true],
  [
    "an address, and the word for offline",
    { ANTHROPIC_BASE_URL: "http://x", PAWL_OFFLINE_MODEL: "1" },
    true,
  ],
])("the offline model answers, or not, with %s", (_, env, isOffline) => {
  expect(wantsOfflineModel(readConfig(env))).toBe(isOffline);
});

test("a stack with the offline model is told no token of yours", () => {
  const context = contextOf({ ...SHELL, ANTHROPIC_AUTH_TOKEN: "secret", PAWL_OFFLINE_MODEL: "1" });
  expect(JSON.stringify(workerEnv(context))).not.toContain("secret");
});
