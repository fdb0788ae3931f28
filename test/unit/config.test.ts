import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { type Config, readConfig } from "../../src/config.ts";
import { ENVIRONMENT, type Variable } from "../../src/environment.ts";
import { packageFile } from "../../src/package-root.ts";
import { findProjectDir } from "../../src/project-dir.ts";

const DEFAULTS = readConfig({});
const SECRET_FILES = [
  ...["ANTHROPIC_API_KEY_FILE", "ANTHROPIC_AUTH_TOKEN_FILE"],
  ...["DATABASE_URL_FILE", "PAWL_WEBHOOK_SECRET_FILE"],
  ...["PGPASSWORD_FILE", "BRAVE_SEARCH_API_KEY_FILE", "TAVILY_API_KEY_FILE"],
];
/** It holds JSON. */
const JSON_FILE = "PAWL_SECRETS_FILE";

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
    const known = [...NAMES, ...SECRET_FILES, JSON_FILE];
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
      // What ships with Pawl is no file that could be named.
      if (value === undefined || value === null || name === "PAWL_MODELS_FILE") return false;
      return !(Array.isArray(value) && value.length === 0);
    });
    expect(shown.toSorted()).toEqual(needed.toSorted());
  });
});

describe("the project folder", () => {
  const project = mkdtempSync(join(dir, "project-"));

  test("is the one that is named, and no working directory without signs of one", () => {
    expect(readConfig({}).project.dir).toBeNull();
    expect(readConfig({ PAWL_PROJECT_DIR: project }).project.dir).toBe(project);
    expect(() => readConfig({ PAWL_PROJECT_DIR: join(project, "nope") })).toThrow(
      /PAWL_PROJECT_DIR: it names no folder/,
    );
  });

  test.each(["agents", "tools"])("is the working directory where that has %s", (name) => {
    const cwd = mkdtempSync(join(dir, "cwd-"));
    expect(findProjectDir({}, cwd)).toBeNull();
    writeFileSync(join(cwd, `${name}.txt`), "");
    expect(findProjectDir({ PAWL_PROJECT_DIR: "" }, cwd)).toBeNull();
    mkdirSync(join(cwd, name));
    expect(findProjectDir({}, cwd)).toBe(cwd);
    expect(findProjectDir({ PAWL_PROJECT_DIR: "other" }, cwd)).toBe(join(cwd, "other"));
  });

  test("has models of its own, unless a file of them is named; what is wrong in it is told", () => {
    const file = join(project, "models.json");
    const ofTable = (env: NodeJS.ProcessEnv): readonly string[] =>
      Object.keys(readConfig({ PAWL_PROJECT_DIR: project, ...env }).models.table.models);
    writeFileSync(
      file,
      `{"models": {"mine": {"contextTokens": 8192, "replyTokens": 1024, "free": true}}}`,
    );
    expect(ofTable({})).toContain("mine");
    const none = join(project, "none.json");
    writeFileSync(none, "{}");
    expect(ofTable({ PAWL_MODELS_FILE: none })).not.toContain("mine");
    writeFileSync(file, `{"models": {"mine": {}}}`);
    expect(() => ofTable({})).toThrow(/models\.json: models\.mine\.contextTokens: /);
  });
});

describe("readConfig", () => {
  test("an empty variable is one that is not set", () => {
    const empty = Object.fromEntries(NAMES.map((name) => [name, ""]));
    expect(readConfig(empty)).toEqual(DEFAULTS);
  });

  test("ignores what belongs to others, and can't be changed", () => {
    const config = readConfig({ HOME: "/", OTEL_SERVICE_NAME: "demo", ANTHROPIC_MODEL: "x" });
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
    [
      "PAWL_ALLOWED_DOMAINS",
      "münchen.example, https://a.b:8443",
      ["münchen.example", "https://a.b:8443"],
    ],
    [
      "PAWL_SECRETS",
      '{"CRM":{"value":"Bearer 12345678","for":["crm.example"]}}',
      { CRM: { value: "Bearer 12345678", for: ["crm.example"] } },
    ],
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
    ["PAWL_HEARTBEAT_TIMEOUT_MS", "1"],
    ["PAWL_HEARTBEAT_TIMEOUT_MS", "999"],
    ["PAWL_HEARTBEAT_TIMEOUT_MS", "20s"],
    ["PAWL_STACK_TRACES", "yes"],
    ["PAWL_LOG_LEVEL", "loud"],
    ["PAWL_TENANT", "x".repeat(65)],
    ["PAWL_BLOCKED_DOMAINS", "https://a.example/path"],
    ["PAWL_ALLOWED_DOMAINS", "a.example:8443"],
    ["PAWL_SEARCH", "google"],
    ["SEARXNG_URL", "search.example"],
    ["PAWL_SECRETS", "CRM=12345678"],
    ["PAWL_SECRETS", '{"CRM":"12345678"}'],
    ["PAWL_SECRETS", '{"CRM":{"value":"short","for":["a.example"]}}'],
    ["PAWL_SECRETS", '{"CRM":{"value":"12345678","for":[]}}'],
    ["PAWL_SECRETS", '{"CRM":{"value":"1234\\n5678","for":["a.example"]}}'],
    ["PAWL_SECRETS", '{"__x":{"value":"12345678","for":["a.example"]}}'],
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

describe("names that look like settings", () => {
  test.each([
    ["PAWL_RUNCAP", "PAWL_RUN_CAP_USD"],
    ["PAWL_RUN_CAP", "PAWL_RUN_CAP_USD"],
    ["PAWL_TENANT_DAYCAP_USD", "PAWL_TENANT_DAY_CAP_USD"],
    ["PAWL_LOGLEVEL", "PAWL_LOG_LEVEL"],
    ["PAWL_OFFLINE", "PAWL_OFFLINE_MODEL"],
    ["PAWL_TOOLPOLICY", "PAWL_TOOL_POLICY"],
    ["PAWL_WEBHOOK_SECRET_FIL", "PAWL_WEBHOOK_SECRET_FILE"],
  ])("%s is refused, and %s is what was meant", (name, meant) => {
    expect(() => readConfig({ [name]: "hunter2" })).toThrow(
      expect.objectContaining({
        code: "CONFIG",
        message: `The environment is not usable. ${name}: there is no such setting; did you mean ${meant}?`,
      }),
    );
  });

  test("like none of ours is refused without a guess", () => {
    expect(() => readConfig({ PAWL_QUANTUM_FLUX: "1" })).toThrow(/no such setting$/);
  });

  test("that are empty are not set, as in compose files", () => {
    expect(readConfig({ PAWL_RUNCAP: "" })).toEqual(DEFAULTS);
  });

  test("that Kubernetes gives to every container beside a service called pawl are no settings", () => {
    const links = {
      PAWL_SERVICE_HOST: "10.0.0.7",
      PAWL_SERVICE_PORT: "80",
      PAWL_SERVICE_PORT_HTTP: "80",
      PAWL_PORT: "tcp://10.0.0.7:80",
      PAWL_PORT_80_TCP: "tcp://10.0.0.7:80",
      PAWL_PORT_80_TCP_ADDR: "10.0.0.7",
      PAWL_GATEWAY_SERVICE_HOST: "10.0.0.8",
      PAWL_GATEWAY_PORT: "tcp://10.0.0.8:80",
      PAWL_GATEWAY_PORT_7420_TCP_PROTO: "tcp",
    };
    expect(readConfig(links)).toEqual(DEFAULTS);
  });

  test("but a port that a person thought of is none that anybody reads", () => {
    expect(() => readConfig({ PAWL_GATEWAY_PORT: "8080" })).toThrow(/PAWL_GATEWAY_PORT: /);
  });
});

describe("a key that no header can carry", () => {
  test.each([
    ["a line break", "k-te\nst", "character 5 of 7 is a line break (U+000A)"],
    ["a carriage return", "k-te\rst", "character 5 of 7 is a line break (U+000D)"],
    ["a blank", "k te", "character 2 of 4 is a blank (U+0020)"],
    ["a zero-width space", "k\u200Bte", "character 2 of 4 is (U+200B)"],
    ["a typographic quote", "“k", "character 1 of 2 is (U+201C)"],
    ["an emoji", "k🔑", "character 2 of 2 is (U+1F511)"],
    ["a null", "k\0", "character 2 of 2 is (U+0000)"],
  ])("with %s is refused with its place, and never shown", (_what, key, told) => {
    expect(() => readConfig({ ANTHROPIC_API_KEY: key })).toThrow(
      expect.objectContaining({
        code: "CONFIG",
        message: `The environment is not usable. ANTHROPIC_API_KEY: ${told}, which no header can carry`,
      }),
    );
  });

  test("of two lines in a file is refused as well", () => {
    expect(() => readConfig({ ANTHROPIC_API_KEY_FILE: secretFile("old\nnewer\n") })).toThrow(
      /ANTHROPIC_API_KEY: character 4 of 9 is a line break/,
    );
  });

  test("a break at its end is nothing", () => {
    expect(readConfig({ ANTHROPIC_API_KEY: " k-test\r\n" }).provider.apiKey).toBe("k-test");
  });
});

describe("where requests go", () => {
  test.each([
    ["notaurl", /it is no URL/],
    ["api.anthropic.com", /it is no URL/],
    ["localhost:4000", /it begins with https/],
    ["ftp://host/", /it begins with https/],
    ["file:///etc/passwd", /it begins with https/],
    ["http://127.0.0.1:9", /no request may go to port 9/],
    ["https://host:6667/v1", /no request may go to port 6667/],
    ["https://user:hunter2@host", /it holds a user or a password/],
    ["https://hunter2@host", /it holds a user or a password/],
    ["https://host/v1?key=hunter2", /it has a \? or a #/],
    ["https://host/#hunter2", /it has a \? or a #/],
  ])("%s is refused before anything is held for a request", (url, told) => {
    for (const name of ["ANTHROPIC_BASE_URL", "PAWL_FORMER_BASE_URLS"]) {
      expect(() => readConfig({ [name]: url })).toThrow(told);
      expect(() => readConfig({ [name]: url })).not.toThrow(/hunter2/);
    }
  });

  test.each(["https://api.anthropic.com", "http://127.0.0.1:8080/", "http://[::1]:4000/proxy"])(
    "%s is taken",
    (url) => expect(readConfig({ ANTHROPIC_BASE_URL: url }).provider.baseUrl).toBe(url),
  );

  test.each([
    ["agents.example.com", /it is no URL, such as https:\/\/agents/],
    ["/temporal", /it is no URL/],
    ["ftp://host/", /it begins with https/],
    ["https://me:hunter2@host", /it holds a user or a password/],
    ["https://host/pawl?tab=hunter2", /it has a \? or a #/],
    ["https://host/pawl/#", /it has a \? or a #/],
  ])("people are sent to no place like %s", (url, told) => {
    for (const name of ["PAWL_GATEWAY_URL", "TEMPORAL_UI_URL"]) {
      expect(() => readConfig({ [name]: url })).toThrow(told);
      expect(() => readConfig({ [name]: url })).not.toThrow(/hunter2/);
    }
  });

  test("a place for people is one address, however it was written", () => {
    const { gateway, temporal } = readConfig({
      PAWL_GATEWAY_URL: "HTTPS://Agents.example.com:443/team/../pawl//",
      TEMPORAL_UI_URL: "http://localhost:8233/",
    });
    expect(gateway.url).toBe("https://agents.example.com/pawl");
    expect(temporal.uiUrl).toBe("http://localhost:8233");
  });

  test.each([
    ["notaurl", /it is no URL of PostgreSQL/],
    ["mysql://host/db", /it is no URL of PostgreSQL/],
    ["postgres://u:s3cr%et@h/db", /it holds a bare %, which is written %25/],
    ["postgres://u:s3cret%@h/db", /it holds a bare %, which is written %25/],
    ["postgres://u:s3cr%ff@h/db", /no text in UTF-8/],
  ])("a database at %s is refused, without its password", (url, told) => {
    expect(() => readConfig({ DATABASE_URL: url })).toThrow(told);
    expect(() => readConfig({ DATABASE_URL: url })).not.toThrow(/s3cr/);
  });
});

describe("which database it is", () => {
  const libpq = { PGHOST: "db.example", PGUSER: "u", PGPASSWORD: "p" };
  const placeIn = (env: NodeJS.ProcessEnv): unknown => readConfig(env).database.access?.places[0];

  test("DATABASE_URL says, and libpq's variables say what it leaves open", () => {
    const { access } = readConfig({
      ...libpq,
      DATABASE_URL: "postgres://other.example/db",
    }).database;
    expect(access).toMatchObject({ places: [{ host: "other.example" }], user: "u", password: "p" });
  });

  test("PGHOST alone says so where Temporal's address is set, or DATABASE_URL says that it does", () => {
    expect(placeIn(libpq)).toBeUndefined();
    expect(placeIn({ ...libpq, TEMPORAL_ADDRESS: "t:7233" })).toMatchObject({ host: "db.example" });
    expect(placeIn({ ...libpq, DATABASE_URL: "postgres://" })).toMatchObject({
      host: "db.example",
    });
    expect(placeIn({ PGUSER: "u", TEMPORAL_ADDRESS: "t:7233" })).toBeUndefined();
  });

  test("what is wrong with a variable of libpq is said where it counts, and nowhere else", () => {
    expect(() => readConfig({ PGPORT: "x", DATABASE_URL: "postgres://h/db" })).toThrow(
      /PGPORT: a port/,
    );
    expect(readConfig({ PGPORT: "x" }).database.access).toBeNull();
  });
});

test("proxies are read in lower case too, which then wins, and an empty one is none", () => {
  const env = { HTTPS_PROXY: "http://upper:1", https_proxy: "http://lower:1", http_proxy: "" };
  expect(readConfig(env).proxy).toEqual({ https: "http://lower:1" });
  expect(readConfig({ HTTPS_PROXY: "http://upper:1", https_proxy: "" }).proxy).toEqual({
    https: "http://upper:1",
  });
});

describe("a secret from a file", () => {
  test.each(SECRET_FILES)("%s is read, without the newline at its end", (name) => {
    const config = readConfig({ [name]: secretFile("postgres://u:s3cret@h/db\n") });
    expect(read(config, name.replace("_FILE", ""))).toBe("postgres://u:s3cret@h/db");
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
