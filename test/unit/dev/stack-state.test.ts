import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../../src/config.ts";
import { areFree, choosePorts } from "../../../src/dev/ports.ts";
import { ensureLocalToken, localTokenFile } from "../../../src/dev/local-token.ts";
import { markOf } from "../../../src/dev/process-mark.ts";
import {
  changedSettings,
  liveStack,
  settingsOf,
  stateFiles,
  writeStack,
} from "../../../src/dev/stack-state.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-state-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const STACK = {
  startedAt: "2026-01-01T00:00:00.000Z",
  version: "0.0.0",
  temporalAddress: "127.0.0.1:1",
  namespace: "default",
  databaseUrl: null,
  modelUrl: null,
  gatewayUrl: null,
  offline: false,
  children: {},
  settings: {},
};

describe("the state file", () => {
  test("of a process that lives is believed, and only its owner may read it", () => {
    const self = markOf(process.pid);
    if (self === undefined) throw new Error("no mark");
    writeStack(dir, { ...STACK, ...self });
    expect(liveStack(dir)).toMatchObject({ pid: process.pid, namespace: STACK.namespace });
    expect(statSync(stateFiles(dir).state).mode & 0o777).toBe(0o600);
  });

  test("of a process whose pid was given to another one is not believed", () => {
    writeStack(dir, { ...STACK, pid: process.pid, startMark: "1" });
    expect(liveStack(dir)).toBeUndefined();
  });

  test("that is no JSON is not believed", () => {
    writeFileSync(stateFiles(dir).state, "{");
    expect(liveStack(dir)).toBeUndefined();
  });
});

describe("settings of a running stack", () => {
  const settingsIn = (env: NodeJS.ProcessEnv) => settingsOf(readConfig(env), dir);

  test("differ where a cap or the key changed, and are named without their values", () => {
    const before = settingsIn({ PAWL_RUN_CAP_USD: "1" });
    const after = settingsIn({ PAWL_RUN_CAP_USD: "2", ANTHROPIC_API_KEY: "a-key" });
    expect(changedSettings(before, after)).toEqual(["ANTHROPIC_API_KEY", "PAWL_RUN_CAP_USD"]);
    expect(JSON.stringify(after)).not.toContain("a-key");
  });

  test("are the same for another tenant, another session and an empty variable", () => {
    const before = settingsIn({ PAWL_TENANT: "a" });
    const after = settingsIn({ PAWL_TENANT: "b", PAWL_SESSION: "s", PAWL_RUN_CAP_USD: "" });
    expect(changedSettings(before, after)).toEqual([]);
  });

  test.each([
    ["of other tools", { OTEL_SERVICE_NAME: "demo", ANTHROPIC_MODEL: "x", NODE_ENV: "test" }],
    ["that say the default", { PAWL_RUN_CAP_USD: "1.00", PAWL_WRAP_UP: "1" }],
    ["of clients alone", { PAWL_GATEWAY_URL: "http://gateway", TEMPORAL_UI_URL: "http://ui" }],
  ])("are the same with variables %s", (_which, env) => {
    expect(changedSettings(settingsIn({}), settingsIn(env))).toEqual([]);
  });

  test("are the same whether a key comes from a variable or from a file, until the file has another", () => {
    const file = join(dir, "key");
    writeFileSync(file, "a-key\n");
    const fromFile = settingsIn({ ANTHROPIC_API_KEY_FILE: file });
    expect(changedSettings(settingsIn({ ANTHROPIC_API_KEY: "a-key" }), fromFile)).toEqual([]);
    writeFileSync(file, "rotated\n");
    const rotated = settingsIn({ ANTHROPIC_API_KEY_FILE: file });
    expect(changedSettings(fromFile, rotated)).toEqual(["ANTHROPIC_API_KEY"]);
  });
});

describe("what is kept of the settings of a stack", () => {
  const SECRETS = {
    ANTHROPIC_API_KEY: "a-key",
    PAWL_WEBHOOK_SECRET: "whsec",
    DATABASE_URL: "postgres://u:hunter2@db.example/x",
    PAWL_SECRETS: '{"CRM":{"value":"hunter3-of-the-crm","for":["crm.example"]}}',
  };
  const kept = (stateDir: string) => settingsOf(readConfig(SECRETS), stateDir);

  test("says nothing to whoever has it without the folder's secret, not even that two are alike", () => {
    const other = join(dir, "other");
    mkdirSync(other);
    for (const folder of [dir, other]) ensureLocalToken(folder);
    const [here, there] = [kept(dir), kept(other)];
    expect(Object.keys(here)).toEqual(expect.arrayContaining(Object.keys(SECRETS)));
    for (const [name, digest] of Object.entries(here)) expect(there[name]).not.toBe(digest);
    // Whoever has a list of passwords tries each.
    const tried = eachTry(SECRETS).map((text) =>
      createHash("sha256").update(text).digest("hex").slice(0, 12),
    );
    expect(Object.values(here).filter((digest) => tried.includes(digest))).toEqual([]);
  });

  test("is of a stack that lives on with the same secret, and with another tells that alone", () => {
    ensureLocalToken(dir);
    const before = kept(dir);
    expect(changedSettings(before, kept(dir))).toEqual([]);
    rmSync(localTokenFile(dir));
    expect(changedSettings(before, kept(dir))).toEqual(["local.token"]);
    ensureLocalToken(dir);
    expect(changedSettings(before, kept(dir))).toEqual(["local.token"]);
  });

  function eachTry(secrets: Readonly<Record<string, string>>): readonly string[] {
    return Object.values(secrets).flatMap((text) => [text, JSON.stringify(text)]);
  }
});

describe("ports", () => {
  test("are remembered", async () => {
    const file = join(dir, "ports.json");
    const first = await choosePorts(file);
    expect(await choosePorts(file)).toEqual(first);
  });

  test("that somebody else took meanwhile are chosen anew, the others stay", async () => {
    const file = join(dir, "ports.json");
    const first = await choosePorts(file);
    const intruder = createServer();
    await new Promise<void>((done) => intruder.listen(first.gateway, "127.0.0.1", done));
    try {
      expect(await areFree(first)).toBe(false);
      const second = await choosePorts(file);
      expect(second.gateway).not.toBe(first.gateway);
      expect(second.model).toBe(first.model);
    } finally {
      intruder.close();
    }
  });
});
