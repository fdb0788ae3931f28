import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import { isEventName, type EventOf, type TelemetryEvent } from "../../../src/telemetry/event.ts";
import { openLog } from "../../../src/telemetry/log.ts";
import {
  createTelemetry,
  openTelemetry,
  type Subscriber,
  type Telemetry,
} from "../../../src/telemetry/telemetry.ts";
import { temporalLines } from "../../../src/telemetry/temporal-lines.ts";
import { repositoryFiles } from "../../support/repository.ts";

const dir = mkdtempSync(join(tmpdir(), "pawl-telemetry-"));
afterAll(() => rmSync(dir, { recursive: true }));

let files = 0;

/** The lines that came of it, without their time. */
function linesOf(work: (telemetry: Telemetry) => void, subscribers: Subscriber[] = []): object[] {
  const file = join(dir, `${files++}.log`);
  work(openTelemetry({ level: "debug", file }, { subscribers }));
  const lines = readFileSync(file, "utf8").split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const { ts: _, ...rest } = JSON.parse(line) as { ts: string };
      return rest;
    });
}

const lineOf = (event: TelemetryEvent) => linesOf(({ emit }) => emit(event))[0];

const OF_CALL = { runId: "run_1", tenant: "acme", agent: "researcher", turn: 2 };
const FAILED: Omit<EventOf<"model_retry">, "event"> = {
  ...OF_CALL,
  model: "claude-sonnet-5-5",
  attempt: 1,
  code: "PROVIDER_OVERLOADED",
  message: "the provider is busy",
  nextAttemptAt: "2026-11-25T12:00:00.000Z",
};

describe("the log, one view of an event", () => {
  test("has the names that the spec gives to its lines", () => {
    const names = [
      ...["run_start", "model_call", "tool_call", "tool_result", "tool_retry", "model_retry"],
      ...["budget_warning", "budget_exceeded", "approval_requested", "approval_decided", "run_end"],
    ];
    expect(names.filter((name) => !isEventName(name))).toEqual([]);
  });

  test("and to their fields", () => {
    const line = lineOf({
      event: "model_call",
      ...OF_CALL,
      ...NO_USAGE,
      model: "claude-sonnet-5-5",
      stopReason: "end_turn",
      promptTokens: 1200,
      costMicroUsd: 3600,
      crashTaxMicroUsd: 0,
      latencyMs: 812,
      attempt: 1,
      requestId: null,
    });
    expect(line).toEqual({
      level: "info",
      event: "model_call",
      ...OF_CALL,
      ...NO_USAGE,
      model: "claude-sonnet-5-5",
      stop_reason: "end_turn",
      prompt_tokens: 1200,
      costMicroUsd: 3600,
      crashTaxMicroUsd: 0,
      latency_ms: 812,
      attempt: 1,
      requestId: null,
      message: "the model replied",
    });
  });

  test("says a sentence that the event brings once", () => {
    const { message, ...fields } = FAILED;
    const expected = { level: "warn", event: "model_retry", ...fields, message };
    expect(lineOf({ event: "model_retry", ...FAILED })).toEqual(expected);
  });

  test("marks what somebody must look at", () => {
    const refused = { ...FAILED, code: "PROVIDER_AUTH", nextAttemptAt: null } as const;
    expect(lineOf({ event: "model_failed", ...refused })).toMatchObject({
      level: "error",
      alert: true,
    });
    const key = "anthropic/claude-sonnet-5-5";
    expect(lineOf({ event: "circuit_opened", key })).toMatchObject({ level: "warn", alert: true });
    expect(lineOf({ event: "circuit_closed", key })).not.toHaveProperty("alert");
  });

  test("names an error and its cause", () => {
    const error = new Error("no answer", { cause: new Error("ECONNREFUSED") });
    expect(lineOf({ event: "sweep_failed", error })).toMatchObject({
      error: { message: expect.stringContaining("ECONNREFUSED") },
    });
  });
});

describe("who subscribes", () => {
  test("is told of each event and how it reads", () => {
    const told: unknown[] = [];
    const lines = linesOf(
      ({ emit }) => emit({ event: "worker_ready", taskQueue: "pawl", duties: ["core"] }),
      [(event, telling) => told.push([event, telling])],
    );
    expect(lines).toHaveLength(1);
    expect(told).toEqual([
      [
        { event: "worker_ready", taskQueue: "pawl", duties: ["core"] },
        { severity: "info", sentence: "polling for runs", isAlert: false },
      ],
    ]);
  });

  test("Y1: and fails, disturbs neither the teller nor the others", () => {
    const told: string[] = [];
    const broken: Subscriber = () => {
      throw new Error("the disk is full");
    };
    const log = openLog({ level: "silent", file: undefined });
    const { emit } = createTelemetry(log, [broken, ({ event }) => told.push(event)]);
    emit({ event: "gateway_ended" });
    expect(told).toEqual(["gateway_ended"]);
  });

  test("Y1: and fails later, as one that delivers spans elsewhere, ends nothing", async () => {
    const unheard: unknown[] = [];
    const onUnheard = (reason: unknown): void => void unheard.push(reason);
    process.on("unhandledRejection", onUnheard);
    const late: Subscriber = async () => {
      await Promise.resolve();
      throw new Error("the collector is away");
    };
    const { emit } = createTelemetry(openLog({ level: "silent", file: undefined }), [late]);
    emit({ event: "gateway_ended" });
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onUnheard);
    expect(unheard).toEqual([]);
  });
});

describe("what Temporal's runtime logs", () => {
  const heard = (line: Parameters<ReturnType<typeof temporalLines>>[0]) =>
    linesOf((telemetry) => temporalLines(telemetry)(line));

  test("is an event of a run where workflow code names one, with all that Temporal adds", () => {
    const meta = {
      ...{ event: "tool_denied", runId: "run_1", turn: 1, tool: "write_file", callId: "toolu_1" },
      ...{ reason: "the policy of this run denies write_file", workflowType: "agentRun" },
    };
    expect(heard({ level: "INFO", message: "tool_denied", meta })).toEqual([
      { level: "info", ...meta, message: "a call was refused" },
    ]);
  });

  test.each([
    ["WARN", "warn"],
    ["ERROR", "error"],
    ["INFO", "debug"],
    ["TRACE", "debug"],
  ])("is else a line of Temporal's: %s is %s", (level, printed) => {
    const meta = { sdkComponent: "core" };
    expect(heard({ level, message: "poll failed", meta })).toEqual([
      { level: printed, event: "temporal", sdkComponent: "core", message: "poll failed" },
    ]);
  });
});

test("nobody but src/telemetry writes to the log: all else tells events", () => {
  const writing = /from "pino"|\blog(?:\.(?:info|warn|error)|\[\w+\])\(/;
  const writers = repositoryFiles()
    .filter(({ path }) => /^(src|activities)\/.*\.ts$/.test(path))
    .filter(({ path, text }) => !path.startsWith("src/telemetry/") && writing.test(text));
  expect(writers.map(({ path }) => path)).toEqual([]);
});
