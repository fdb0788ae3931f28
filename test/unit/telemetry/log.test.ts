import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { openLog, type Log } from "../../../src/telemetry/log.ts";
import { packageFile } from "../../../src/package-root.ts";

const dir = mkdtempSync(join(tmpdir(), "pawl-log-"));
afterAll(() => rmSync(dir, { recursive: true }));

let files = 0;

function logged(write: (log: Log) => void, level: "info" | "debug" = "info"): object[] {
  const path = join(dir, "made", `${files++}.log`);
  write(openLog({ level, file: path }).log);
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as object);
}

describe("a line of the log", () => {
  test("is JSON with the time, the level, the message and the fields of the event", () => {
    const [line] = logged((log) => log.info({ event: "run_start", runId: "run_1" }, "a run began"));
    expect(line).toEqual({
      ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: "info",
      event: "run_start",
      runId: "run_1",
      message: "a run began",
    });
  });

  test("is one line, whatever is in it", () => {
    expect(logged((log) => log.warn({ text: 'a\n"b"\u2028\u0000' }, "x\ny"))).toHaveLength(1);
  });

  test("names the error and its cause", () => {
    const err = new Error("no answer", { cause: new Error("ECONNREFUSED") });
    const [line] = logged((log) => log.error({ err }, "failed"));
    expect(line).toMatchObject({ err: { message: expect.stringContaining("ECONNREFUSED") } });
  });

  test("is written only at its level", () => {
    const write = (log: Log): void => log.debug("detail");
    expect(logged(write)).toHaveLength(0);
    expect(logged(write, "debug")).toHaveLength(1);
  });
});

describe("a secret never reaches the log", () => {
  const NAMES = ["apiKey", "authorization", "x-api-key", "ANTHROPIC_API_KEY", "DATABASE_URL"];

  test.each(NAMES)("under the name %s, at the top or one level down", (name) => {
    const lines = logged((log) => {
      log.info({ [name]: "s3cret" }, "top");
      log.info({ headers: { [name]: "s3cret" }, config: { [name]: "s3cret" } }, "nested");
    });
    expect(JSON.stringify(lines)).not.toContain("s3cret");
    expect(JSON.stringify(lines)).toContain("[Redacted]");
  });
});

describe("a secret that stands in a text", () => {
  const SECRET = "key-of-canary+0123";
  test("is not written, in the message, a field, an error or in base64", () => {
    const path = join(dir, "scrubbed.log");
    const { log } = openLog({ level: "info", file: path }, [SECRET]);
    const basic = Buffer.from(`user:${SECRET}`).toString("base64");
    log.info({ header: `Bearer ${SECRET}`, basic }, `asked with ${SECRET}`);
    log.error({ error: new Error(`no: ${SECRET}`) }, "failed");
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(/asked with \*{8}/);
    expect(text).not.toContain("canary");
    expect(text).not.toContain(basic);
  });
});

describe("where the lines go", () => {
  const script = (options: string): string =>
    `const { openLog } = await import(${JSON.stringify(packageFile("dist/src/telemetry/log.js"))});
     openLog(${options}).log.info({ event: "e" }, "hello");`;
  const run = (options: string): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, ["--input-type=module", "-e", script(options)], {
      encoding: "utf8",
    });

  test("to stderr: stdout belongs to the answer", () => {
    const { stdout, stderr } = run(`{ level: "info" }`);
    expect(stdout).toBe("");
    expect(JSON.parse(String(stderr))).toMatchObject({ event: "e", message: "hello" });
  });

  test("or to a file, and then to nothing else", () => {
    const path = join(dir, "out.log");
    const { stdout, stderr } = run(`{ level: "info", file: ${JSON.stringify(path)} }`);
    expect([stdout, stderr]).toEqual(["", ""]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ message: "hello" });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});
