// The log at real places: a full disk, named pipes, files that are moved or can't be opened.

import { afterAll, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTelemetry, type Telemetry } from "../../../src/telemetry/telemetry.ts";
import { until } from "../../support/processes.ts";

const dir = fs.mkdtempSync(join(tmpdir(), "pawl-place-"));
afterAll(() => fs.rmSync(dir, { recursive: true }));

const open = (file: string): Telemetry => openTelemetry({ level: "info", file });
const eventsIn = (path: string): readonly string[] =>
  fs
    .readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { event: string }).event);

describe("a log that can't be written", () => {
  test("on a full disk loses lines, says so, and fails nobody", () => {
    const { emit, log, logState } = open("/dev/full");
    expect(logState()).toEqual({ kind: "kept" });
    emit({ event: "gateway_draining" });
    log.error("of a tool");
    expect(logState()).toMatchObject({ kind: "losing", lines: 2, why: "the disk is full" });
  });

  test("as a named pipe waits for its reader, and never lets anybody wait", async () => {
    const path = join(dir, "pipe");
    expect(spawnSync("mkfifo", [path]).status).toBe(0);
    const { emit, logState } = open(path);
    emit({ event: "gateway_draining" });
    expect(logState()).toMatchObject({ kind: "losing", why: "nobody is at its other end" });
    const reading = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    await until("somebody reads it", () => logState().kind === "kept");
    // More than a pipe holds.
    for (let n = 0; n < 20_000; n += 1) emit({ event: "gateway_draining" });
    expect(logState()).toMatchObject({ kind: "losing", why: "its reader is too slow" });
    fs.closeSync(reading);
  });

  test.each<[string, (path: string) => string, string]>([
    ["in a place of a file", (path) => join(path, "w.log"), "a part of its path is no folder"],
    ["that is a folder", () => dir, "it is a folder"],
  ])("%s is refused at the start, with what to do", (_what, placed, why) => {
    const path = join(dir, "file");
    fs.writeFileSync(path, "");
    const file = placed(path);
    let refusal: unknown = null;
    try {
      open(file);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      code: "FILE_UNUSABLE",
      message: `The log ${file} can't be used: ${why}.`,
      next: expect.stringContaining("PAWL_LOG_FILE"),
    });
  });
});

describe("a log whose file was renamed", () => {
  test("goes on in a file of its name when it is told, and says so there", () => {
    const path = join(dir, "rotated.log");
    const { emit, reopenLog } = open(path);
    emit({ event: "gateway_draining" });
    fs.renameSync(path, `${path}.1`);
    emit({ event: "gateway_draining" });
    reopenLog();
    emit({ event: "gateway_ended" });
    expect(eventsIn(`${path}.1`)).toEqual(["gateway_draining", "gateway_draining"]);
    expect(eventsIn(path)).toEqual(["log_reopened", "gateway_ended"]);
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
  });

  test("goes on where it was, and says so, where that name can't be opened", () => {
    const path = join(dir, "taken.log");
    const { emit, reopenLog, logState } = open(path);
    fs.renameSync(path, `${path}.1`);
    fs.mkdirSync(path);
    reopenLog();
    emit({ event: "gateway_ended" });
    expect(eventsIn(`${path}.1`)).toEqual(["log_not_reopened", "gateway_ended"]);
    expect(logState()).toEqual({ kind: "kept" });
  });

  test("costs one file handle however often it is told", () => {
    const { emit, reopenLog } = open(join(dir, "often.log"));
    emit({ event: "gateway_draining" });
    const before = fs.readdirSync("/proc/self/fd").length;
    for (let n = 0; n < 50; n += 1) reopenLog();
    expect(fs.readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
  });

  test("may be emptied instead, as copytruncate does", () => {
    const path = join(dir, "emptied.log");
    const { emit } = open(path);
    emit({ event: "gateway_draining" });
    fs.truncateSync(path);
    emit({ event: "gateway_ended" });
    expect(eventsIn(path)).toEqual(["gateway_ended"]);
  });
});
