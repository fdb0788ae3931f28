// Mistakes of the environment: each is one sentence that says what to do, the exit code that goes with it, and a
// process that is gone. Never a stack trace, never a defect of ours, never a secret.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runPawl, startCommand, type CliProcess } from "../support/cli-process.ts";
import { packageFile } from "../../src/package-root.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

const { PATH, HOME, XDG_CACHE_HOME } = process.env;
let world: World;
let dir: string;
beforeAll(async () => {
  world = await openWorld();
  dir = mkdtempSync(join(tmpdir(), "pawl-faults-"));
});
afterAll(async () => {
  await world.close();
  rmSync(dir, { recursive: true });
});

const started: CliProcess[] = [];
/** One that would not end would ignore SIGTERM as well. */
afterEach(() => {
  for (const worker of started.splice(0)) worker.signal("SIGKILL");
});

/** Well below the patience that a worker has with a backend that is away. */
const GONE_WITHIN_MS = 20_000;

function startWorkerProcess(env: NodeJS.ProcessEnv): CliProcess {
  const main = packageFile("dist/src/worker/main.js");
  const worker = startCommand(process.execPath, [main], { ...world.env, ...env });
  started.push(worker);
  return worker;
}

function at(change: (url: URL) => void): string {
  const url = new URL(world.database.url);
  change(url);
  return url.href;
}

describe("a worker that can't start ends with its sentence and its exit code", () => {
  test.each<[string, () => NodeJS.ProcessEnv, number, RegExp]>([
    [
      "a user that the database does not know",
      () => ({ DATABASE_URL: at((url) => (url.username = "nosuch")) }),
      6,
      /Postgres at .* turned away user "nosuch" .*\(DATABASE_LOGIN: mend the user/,
    ],
    [
      "a database that is not there",
      () => ({ DATABASE_URL: at((url) => (url.pathname = "/nosuch")) }),
      6,
      /for database "nosuch": .*\(DATABASE_LOGIN: /,
    ],
    [
      "a parameter that the server does not know",
      () => ({ DATABASE_URL: at((url) => (url.search = "?statment_timeout=5")) }),
      2,
      /unrecognized configuration parameter "statment_timeout".* \(CONFIG: /,
    ],
    [
      "a namespace that is not there",
      () => ({ TEMPORAL_NAMESPACE: "nosuch" }),
      2,
      /no namespace nosuch \(NAMESPACE_NOT_FOUND: /,
    ],
    [
      "no key for Anthropic's own API",
      () => ({ ANTHROPIC_API_KEY: "", ANTHROPIC_BASE_URL: "", PAWL_OFFLINE_MODEL: "" }),
      2,
      /ANTHROPIC_API_KEY is not set.* \(CONFIG: /,
    ],
    [
      "a folder for file tools that is not there",
      () => ({ PAWL_FILES_ROOTS: `${join(dir, "none")}:ro` }),
      2,
      /PAWL_FILES_ROOTS: .*none can't be read: it is not there\..* \(CONFIG: /,
    ],
    ["a mistyped cap", () => ({ PAWL_RUNCAP: "1" }), 2, /did you mean PAWL_RUN_CAP_USD/],
    [
      "a URL in the quotes of a shell, as docker run --env-file hands it on",
      () => ({ DATABASE_URL: `"${world.database.url}"` }),
      2,
      /DATABASE_URL: it begins with a quotation mark.*write it without/,
    ],
    [
      "what is not supported in a URL",
      () => ({ DATABASE_URL: at((url) => (url.search = "?sslcrldir=x")) }),
      2,
      /DATABASE_URL: sslcrldir is not supported: name one file with sslcrl/,
    ],
    [
      "TLS, where the server has none",
      () => ({ DATABASE_URL: at((url) => (url.search = "?sslmode=require")) }),
      6,
      /Postgres at .*: the server offers no TLS, and sslmode=require wants it \(DATABASE_TLS: set ssl = on/,
    ],
    [
      "an authority whose file is not there, by a variable of libpq",
      () => ({
        DATABASE_URL: at((url) => (url.search = "?sslmode=verify-full")),
        PGSSLROOTCERT: "no",
      }),
      6,
      /Postgres at .*\(DATABASE_TLS: /,
    ],
    [
      "a port that is none, by a variable of libpq",
      () => ({ DATABASE_URL: "postgres://", PGHOST: "h", PGPORT: "many" }),
      2,
      /PGPORT: a port is a number from 1 to 65535/,
    ],
    [
      "a password with a bare %",
      () => ({ DATABASE_URL: "postgres://u:s3cr%et@127.0.0.1/db" }),
      2,
      /DATABASE_URL: it holds a bare %, which is written %25/,
    ],
    [
      "a proxy that is none",
      () => ({
        PAWL_OFFLINE_MODEL: "0",
        ANTHROPIC_BASE_URL: "https://host",
        HTTPS_PROXY: "socks5://h",
      }),
      2,
      /HTTPS_PROXY: it is no proxy of HTTP/,
    ],
  ])("%s", async (_what, env, exitCode, sentence) => {
    const startedAt = Date.now();
    const worker = startWorkerProcess(env());
    const ended = await worker.ended;
    expect(ended.exitCode).toBe(exitCode);
    expect(Date.now() - startedAt).toBeLessThan(GONE_WITHIN_MS);
    const said = ended.stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
    expect(said).toEqual([expect.stringMatching(sentence)]);
    expect(ended.stderr).not.toMatch(/s3cr|defect|^\s+at /m);
  });

  test("libpq's variables alone say where the database is", async () => {
    const { hostname, port, username, pathname } = new URL(world.database.url);
    const worker = await world.startWorker({
      DATABASE_URL: "",
      ...{ PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: pathname.slice(1) },
    });
    await worker.kill();
  });

  test("parameters for other clients in DATABASE_URL are no mistake", async () => {
    const url = at(
      (found) => (found.search = "?channel_binding=prefer&pgbouncer=true&schema=public"),
    );
    const worker = await world.startWorker({ DATABASE_URL: url });
    await worker.kill();
  });
});

describe("a command says it as well", () => {
  const plain = (): NodeJS.ProcessEnv => ({
    PATH,
    HOME,
    XDG_CACHE_HOME,
    PAWL_STATE_DIR: join(dir, "state"),
  });

  test.each<[string, readonly string[], () => NodeJS.ProcessEnv, number, RegExp]>([
    [
      "a namespace that is not there",
      ["ls"],
      () => ({ ...world.env, TEMPORAL_NAMESPACE: "nosuch" }),
      2,
      /^The Temporal server has no namespace nosuch\. Mend TEMPORAL_NAMESPACE/,
    ],
    [
      "a namespace that is not there, for a run",
      ["run", "hi"],
      () => ({ ...world.env, TEMPORAL_NAMESPACE: "nosuch" }),
      2,
      /^The Temporal server has no namespace nosuch\./,
    ],
    [
      "a namespace that is not there, for a run that might have been in it",
      ["show", "run_x"],
      () => ({ ...world.env, TEMPORAL_NAMESPACE: "nosuch" }),
      2,
      /^The Temporal server has no namespace nosuch\./,
    ],
    [
      "a state folder that is a file",
      ["run", "hi"],
      () => {
        writeFileSync(join(dir, "file"), "");
        return { ...plain(), PAWL_STATE_DIR: join(dir, "file") };
      },
      2,
      /file can't be used: .*\. Check the path and its permissions/,
    ],
    [
      "a state folder below a file",
      ["ls"],
      () => ({ ...plain(), PAWL_STATE_DIR: join(dir, "file", "state") }),
      2,
      /can't be used: a part of its path is no folder/,
    ],
    [
      "a key over two lines",
      ["run", "hi"],
      () => ({ ...plain(), ANTHROPIC_API_KEY: "sk-hunter2\nsk-hunter3" }),
      2,
      /ANTHROPIC_API_KEY: character 11 of 21 is a line break/,
    ],
    [
      "a base URL that no request can go to",
      ["run", "hi"],
      () => ({ ...plain(), ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: "http://127.0.0.1:9" }),
      2,
      /ANTHROPIC_BASE_URL: no request may go to port 9/,
    ],
    [
      "a name that is no setting",
      ["stop"],
      () => ({ ...plain(), PAWL_STATEDIR: "x" }),
      2,
      /PAWL_STATE_DIR/,
    ],
    [
      "a name that is no setting, for the doctor",
      ["doctor"],
      () => ({ ...plain(), PAWL_OFFLINE: "1" }),
      2,
      /PAWL_OFFLINE_MODEL/,
    ],
    [
      "a key for Temporal over two lines",
      ["ls"],
      () => ({ ...world.env, TEMPORAL_API_KEY: "hunter2\nx" }),
      2,
      /TEMPORAL_API_KEY: character 8 of 9/,
    ],
    [
      "a database that is away, and Temporal is not what to look at",
      ["keys", "ls"],
      () => ({ ...world.env, DATABASE_URL: "postgres://u@127.0.0.1:1/db" }),
      6,
      /Postgres at 127\.0\.0\.1:1: .*ECONNREFUSED.*\. Check DATABASE_URL, and that the server runs/,
    ],
    [
      "TLS, where the server has none",
      ["keys", "ls"],
      () => ({ ...world.env, DATABASE_URL: at((url) => (url.search = "?sslmode=verify-full")) }),
      6,
      /the server offers no TLS, and sslmode=verify-full wants it\. Set ssl = on/,
    ],
    [
      "a user that the database does not know",
      ["keys", "ls"],
      () => ({ ...world.env, DATABASE_URL: at((url) => (url.username = "nosuch")) }),
      6,
      /turned away user "nosuch"/,
    ],
  ])("%s: %j", async (_what, args, env, ...[exitCode, sentence]) => {
    const run = await runPawl(args, env());
    expect(run.stderr).toMatch(sentence);
    expect(run.exitCode).toBe(exitCode);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(run.stderr + run.stdout).not.toMatch(/hunter|defect|^\s+at /m);
  });
});
