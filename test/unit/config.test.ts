import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { type Config, readConfig } from "../../src/config.ts";
import { ENVIRONMENT, type Variable } from "../../src/environment.ts";
import { packageFile } from "../../src/package-root.ts";

const DEFAULTS = readConfig({});
const SECRET_FILES = ["ANTHROPIC_API_KEY_FILE", "DATABASE_URL_FILE", "PAWL_WEBHOOK_SECRET_FILE"];

/** Where in a Config each variable's value is. */
const VARIABLES = Object.entries(ENVIRONMENT).flatMap(([group, words]) =>
  Object.entries<Variable>(words).map(([word, { name }]) => ({ name, group, word })),
);
const NAMES = VARIABLES.map(({ name }) => name);

function read(config: Config, wanted: string): unknown {
  const { group, word } = VARIABLES.find(({ name }) => name === wanted) ?? { group: "", word: "" };
  const words = Object.entries(config).find(([name]) => name === group)?.[1] ?? {};
  return Object.entries<unknown>(words).find(([name]) => name === word)?.[1];
}

const dir = mkdtempSync(join(tmpdir(), "pawl-config-"));
afterAll(() => rmSync(dir, { recursive: true }));

function secretFile(content: string): string {
  const path = join(dir, `secret-${content.length}`);
  writeFileSync(path, content);
  return path;
}

describe(".env.example", () => {
  const lines = readFileSync(packageFile(".env.example"), "utf8").split("\n");
  const entries = lines.flatMap((line, index) => {
    const found = /^# ([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    return found ? [{ name: found[1] ?? "", value: found[2] ?? "", before: lines[index - 1] }] : [];
  });

  test("lists every variable of the schema and every file of a secret, once, and no other", () => {
    const known = [...NAMES, ...SECRET_FILES];
    expect(entries.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
  });

  test("sets nothing", () => {
    expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
  });

  test.each(entries)("says in a line what $name is for", ({ before }) => {
    expect(before).toMatch(/^# .{5,}[.,]$/);
  });

  test("shows the defaults: with all of it set, nothing changes", () => {
    const env = Object.fromEntries(entries.map(({ name, value }) => [name, value]));
    expect(readConfig(env)).toEqual(DEFAULTS);
    const shown = entries.filter(({ value }) => value !== "").map(({ name }) => name);
    const needed = NAMES.filter((name) => {
      const value = read(DEFAULTS, name);
      return value !== undefined && !(Array.isArray(value) && value.length === 0);
    });
    expect(shown.toSorted()).toEqual(needed.toSorted());
  });
});

describe("readConfig", () => {
  test("an empty variable is one that is not set", () => {
    const empty = Object.fromEntries(NAMES.map((name) => [name, ""]));
    expect(readConfig(empty)).toEqual(DEFAULTS);
  });

  test("ignores what belongs to others, and can't be changed", () => {
    const config = readConfig({ HOME: "/", PAWL_NO_SUCH_THING: "1" });
    expect(config).toEqual(DEFAULTS);
    expect([config, ...Object.values(config)].every(Object.isFrozen)).toBe(true);
  });

  test.each<[string, string, unknown]>([
    ["PAWL_RUN_CAP_USD", "0.25", 250_000],
    ["PAWL_RUN_CAP_USD", "0.000001", 1],
    ["PAWL_SESSION_CAP_USD", "3", 3_000_000],
    ["PAWL_AGENT_MAX_CALLS", "7", 7],
    ["PAWL_IDLE_TIMEOUT_MS", "150", 150],
    ["PAWL_AGENT_ALLOWED_TOOLS", " calculator, web_search,, ", ["calculator", "web_search"]],
    ["PAWL_BLOCKED_DOMAINS", "example.com", ["example.com"]],
    ["PAWL_STACK_TRACES", "1", true],
    ["PAWL_STACK_TRACES", "true", true],
    ["PAWL_OFFLINE_MODEL", "0", false],
    ["PAWL_STACK_IDLE_MINUTES", "0.5", 0.5],
  ])("%s=%s", (name, value, meant) => {
    expect(read(readConfig({ [name]: value }), name)).toEqual(meant);
  });

  test.each([
    ["PAWL_RUN_CAP_USD", "a dollar"],
    ["PAWL_RUN_CAP_USD", "0"],
    ["PAWL_RUN_CAP_USD", "-1"],
    ["PAWL_RUN_CAP_USD", "0.0000001"],
    ["PAWL_RUN_CAP_USD", "Infinity"],
    ["PAWL_RUN_CAP_USD", "2000000"],
    ["PAWL_TENANT_DAY_CAP_USD", " "],
    ["PAWL_AGENT_MAX_CALLS", "0"],
    ["PAWL_AGENT_MAX_CALLS", "1.5"],
    ["PAWL_CALL_TIMEOUT_MS", "60s"],
    ["PAWL_CALL_TIMEOUT_MS", "2147483648"],
    ["PAWL_STACK_TRACES", "yes"],
    ["PAWL_LOG_LEVEL", "loud"],
    ["PAWL_TENANT", "x".repeat(65)],
  ])("%s=%s is refused, by name", (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      expect.objectContaining({ code: "CONFIG", message: expect.stringContaining(`${name}: `) }),
    );
  });

  test("all that is wrong is said at once", () => {
    const env = { PAWL_RUN_CAP_USD: "x", PAWL_LOG_LEVEL: "y", PAWL_TASK_QUEUE: "z" };
    expect(() => readConfig(env)).toThrow(/PAWL_RUN_CAP_USD: .*PAWL_LOG_LEVEL: /);
  });

  test("an error never repeats a value, which might be a secret in the wrong place", () => {
    expect(() => readConfig({ PAWL_LOG_LEVEL: "hunter2" })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });
});

describe("a secret from a file", () => {
  test.each(SECRET_FILES)("%s is read, without the newline at its end", (name) => {
    const config = readConfig({ [name]: secretFile("s3cret\n") });
    expect(read(config, name.replace("_FILE", ""))).toBe("s3cret");
  });

  test("holds even where the variable is set too", () => {
    const env = { ANTHROPIC_API_KEY: "old", ANTHROPIC_API_KEY_FILE: secretFile("new") };
    expect(readConfig(env).provider.apiKey).toBe("new");
  });

  test("that is not there is an error that names the variable and the file", () => {
    const path = join(dir, "missing");
    expect(() => readConfig({ DATABASE_URL_FILE: path })).toThrow(
      expect.objectContaining({
        code: "CONFIG",
        message: `DATABASE_URL_FILE names ${path}, which can't be read.`,
      }),
    );
  });

  test("that is empty is an error as well, and not an empty secret", () => {
    const path = secretFile("\n");
    expect(() => readConfig({ DATABASE_URL_FILE: path })).toThrow(
      `DATABASE_URL_FILE names ${path}, which is empty.`,
    );
  });
});
