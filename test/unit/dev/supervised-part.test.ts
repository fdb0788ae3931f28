// Case 07: a part that says why it can't start is believed at once; one that dies without a word is tried again.

import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../../src/dev/process-mark.ts";
import { SupervisedPart } from "../../../src/dev/supervised-part.ts";
import { CATALOGUE, type ErrorCode } from "../../../src/domain/errors.ts";
import { lastLineOf } from "../../../src/domain/last-words.ts";
import { SILENT } from "../../support/calls.ts";

let dir: string;
let logFile: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-part-"));
  logFile = join(dir, "worker.log");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A worker that is this program, and serves when it says so. */
function partOf(program: string): SupervisedPart {
  const started = `process.stderr.write('{"event":"started"}\\n');`;
  const command = async () => ({
    ...{ file: process.execPath, args: ["--eval", `${started}${program}`], env: {} },
  });
  return new SupervisedPart(
    {
      ...{ name: "worker", after: [], command, logFile, startTimeoutMs: 60_000 },
      isReady: async () => printed().includes("it serves"),
    },
    {
      telemetry: SILENT,
      will: { stateDir: dir, temporalAddress: "", namespace: "", idleMs: 0, needed: [] },
      onSpawn: () => undefined,
    },
  );
}

const printed = (): string => readFileSync(logFile, "utf8");
const starts = (): number => printed().split("started").length - 1;
const ending = (lines: readonly string[], exitCode: number): string =>
  `process.stderr.write(${JSON.stringify(`${lines.join("\n")}\n`)}, () => process.exit(${exitCode}));`;

const LOGGED = '{"level":"error","message":"one (CONFIG: two)"}';

test.each<[ErrorCode, string]>([
  ["DATABASE_LOGIN", 'Postgres at db:5432 turned away user "u": no such user'],
  ["CONFIG", "DATABASE_URL: it holds a bare %, which is written %25"],
  ["NAMESPACE_NOT_FOUND", "The Temporal server has no namespace nosuch"],
  ["FILE_UNUSABLE", "/srv can't be used: permission denied"],
])(
  "a worker that ends with %s is not started again, and its sentence is the error",
  async (code, message) => {
    const words = lastLineOf({ code, message, next: CATALOGUE[code].next });
    const part = partOf(ending([LOGGED, words, "(node:7) Warning: x"], 2));
    await expect(part.start()).rejects.toMatchObject({ code, message });
    expect(starts()).toBe(1);
    expect(part.mark).toBeUndefined();
  },
);

test("one that dies without a word is tried again, and then its log is quoted", async () => {
  const part = partOf(ending(["it broke"], 1));
  await expect(part.start()).rejects.toMatchObject({
    code: "BACKEND_UNREACHABLE",
    message: expect.stringMatching(/^worker does not start\.[^]*it broke/),
  });
  expect(starts()).toBeGreaterThan(1);
}, 60_000);

test("one that serves is kept, and is gone when it is stopped", async () => {
  const part = partOf("process.stderr.write('it serves\\n'); setInterval(() => {}, 1000);");
  await part.start();
  const { mark } = part;
  expect(mark !== undefined && isAlive(mark)).toBe(true);
  await part.stop();
  expect(mark !== undefined && isAlive(mark)).toBe(false);
});
