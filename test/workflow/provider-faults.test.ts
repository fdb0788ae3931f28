// What a run makes of a provider that fails: what is tried again, how often, and at whose cost.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { formatUsd } from "../../src/domain/money.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { createBudgets } from "../../src/store/budgets.ts";
import { microUsd, openRunBench, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

const ATTEMPTS_MAX = 3;

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({
    env: {
      PAWL_RETRY_MAX_ATTEMPTS: String(ATTEMPTS_MAX),
      PAWL_FIRST_BYTE_TIMEOUT_MS: "4000",
      PAWL_IDLE_TIMEOUT_MS: "2500",
      PAWL_PROGRESS_TIMEOUT_MS: "4000",
    },
  });
  // The first request of a fresh server is slow on a busy machine; no test shall take that for a fault.
  await bench.run("Warm up.");
}, 180_000);
afterAll(() => bench?.close());
beforeEach(async () => {
  await bench.world.db`delete from pawl.gate`;
  await bench.world.model.reset();
  await bench.world.model.script([{ times: 50, reply: { text: "All is well." } }]);
});

const faulty = (...faults: readonly object[]): Promise<void> => bench.world.model.faults(faults);

describe("what passes is tried again", () => {
  it.each([
    ["an overloaded provider (529)", { kind: "overloaded" }],
    ["an internal error (500)", { kind: "server_error", status: 500 }],
    ["an unavailable service (503)", { kind: "server_error", status: 503 }],
    ["a timeout that the API reports (504)", { kind: "server_error", status: 504 }],
    ["a rate limit without a time (429)", { kind: "rate_limit" }],
  ])("M4: %s costs nothing", async (_, fault) => {
    await faulty(fault);
    const { result, requests } = await bench.run("Say that all is well.");
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(requests).toHaveLength(2);
    expect(result).toMatchObject({ modelCalls: 1, modelAttempts: 2, crashTaxUsd: 0 });
  });

  it.each([
    ["overloaded_error in mid-stream", { kind: "stream_error" }],
    ["api_error in mid-stream", { kind: "stream_error", errorType: "api_error" }],
    ["a stream cut before message_stop", { kind: "truncate", where: "before_stop" }],
    ["a stream cut within an event", { kind: "truncate", where: "mid_event" }],
    ["a stream cut within a character", { kind: "truncate", where: "mid_utf8" }],
    ["a connection reset before the headers", { kind: "reset_before_headers" }],
    ["a connection reset after the headers", { kind: "reset_after_headers" }],
    ["a reply that was made and never arrived", { kind: "answer_lost" }],
    ["a stream that stops in mid-reply", { kind: "stall" }],
    ["a stream that stays silent", { kind: "silent" }],
    ["a drip of pings", { kind: "ping_drip", everyMs: 50 }],
    ["a first byte that comes too late", { kind: "slow_first_byte", delayMs: 60_000 }],
    ["a drip of content beyond max_tokens", { kind: "content_drip", everyMs: 1 }],
    ["a reply without usage", { kind: "usage", mode: "missing" }],
  ])("M4: %s is charged at its worst case", async (_, fault) => {
    await faulty(fault);
    const { result, requests } = await bench.run("Say that all is well.", {
      limits: { replyTokens: 64 },
    });
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(result.answer).toBe("All is well.");
    expect(requests).toHaveLength(2);
    expect(result).toMatchObject({ modelCalls: 1, modelAttempts: 2 });
    expect(result.crashTaxUsd).toBeGreaterThan(0);
  });

  it.each([
    ["a gateway's HTML page (502)", { kind: "page" }],
    ["a page that says 504", { kind: "page", status: 504 }],
    ["an error event before any text", { kind: "stream_error", afterEvents: 1 }],
  ])("M4: %s is charged its prompt at most", async (_, fault) => {
    await faulty(fault, { kind: "truncate", where: "before_stop", match: { contains: "worst" } });
    const { result: worst } = await bench.run("What is the worst case of this?");
    await faulty(fault);
    const { result, requests } = await bench.run("Say that all is well.");
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(requests).toHaveLength(2);
    expect(result.crashTaxUsd).toBeGreaterThan(0);
    expect(result.crashTaxUsd).toBeLessThan(worst.crashTaxUsd / 2);
  });

  it("a whole message in answer to a stream is the reply, at its real price", async () => {
    await faulty({ kind: "whole_json", times: 50 });
    const { result, requests, billedMicroUsd } = await bench.run("Say that all is well.");
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "All is well." });
    expect(requests).toHaveLength(1);
    expect(microUsd(result.costUsd)).toBe(billedMicroUsd);
    expect(result.crashTaxUsd).toBe(0);
  });

  it.each([
    ["a first byte that is only slow", { kind: "slow_first_byte", delayMs: 700 }],
    ["an event that nobody knows", { kind: "unknown_event" }],
  ])("%s is no failure", async (_, fault) => {
    await faulty(fault);
    const { result, requests, billedMicroUsd } = await bench.run("Say that all is well.");
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(requests).toHaveLength(1);
    expect(microUsd(result.costUsd)).toBe(billedMicroUsd);
  });

  it("obeys retry-after", async () => {
    await faulty({ kind: "rate_limit", retryAfterS: 2 });
    const runId = await bench.start("Say that all is well.");
    const { result, requests } = await bench.ended(runId);
    expect(result.outcome).toEqual({ kind: "answered" });
    const [refused, accepted] = requests.map(({ at }) => Date.parse(at));
    expect(requests).toHaveLength(2);
    expect((accepted ?? 0) - (refused ?? 0)).toBeGreaterThanOrEqual(2000);
    const retries = bench.logged(runId, "model_retry");
    expect(retries).toMatchObject([{ code: "PROVIDER_RATE_LIMITED", attempt: 1 }]);
  });

  it("ends with the provider's last word when no attempt is left", async () => {
    await faulty({ kind: "overloaded", times: 50 });
    const { result, requests, billedMicroUsd } = await bench.run("Say that all is well.");
    expect(result.outcome).toMatchObject({ kind: "failed", code: "PROVIDER_OVERLOADED" });
    expect(requests).toHaveLength(ATTEMPTS_MAX);
    expect(billedMicroUsd).toBe(0);
    expect(result).toMatchObject({ answer: null, partial: false, costUsd: 0 });
  });
});

describe("a run of which no call came to anything", () => {
  const failedBy = async (order: Parameters<RunBench["run"]>[1] = {}) => {
    const { result, requests } = await bench.run("Say that all is well.", order);
    if (result.outcome.kind !== "failed") throw new Error(`it ${result.outcome.kind}`);
    return { ...result, ...result.outcome, requests };
  };

  it("ends as failed by the provider, with its words and what is set aside", async () => {
    await faulty({ kind: "page", status: 502, times: 50 });
    const { code, message, crashTaxUsd, costUsd } = await failedBy();
    expect(code).toBe("PROVIDER_UNAVAILABLE");
    const aside = `${formatUsd(microUsd(crashTaxUsd))} is set aside for ${ATTEMPTS_MAX} lost attempts`;
    expect(message).toBe(`The provider answered 502: Bad Gateway; nothing was received; ${aside}`);
    expect(crashTaxUsd).toBe(costUsd);
  });

  it.each([45_000, 12_000])(
    "also where its money ran out over it, of %d: a larger cap would only be lost as well",
    async (costMicroUsd) => {
      await faulty({ kind: "truncate", where: "before_stop", times: 50 });
      const { code, message, requests } = await failedBy({ limits: { costMicroUsd } });
      expect(code).toBe("PROVIDER_STREAM_CUT");
      expect(message).toContain("the stream ended before message_stop; nothing was received; $");
      expect(requests.length).toBeLessThan(ATTEMPTS_MAX);
    },
  );

  it("leaves its tenant the day: what is down is tried by few, each for its prompt at most", async () => {
    const { db, client } = bench.world;
    const tenant = "behind-a-dead-proxy";
    // Of two calls that are lost whole nothing is left of it.
    const CAP_MICRO_USD = 150_000;
    await createBudgets(db).set({ scope: "tenant_day", tenant }, CAP_MICRO_USD);
    await faulty({ kind: "page", status: 502, times: 1000 });
    const tasks = Array.from({ length: 4 }, (_, n) => `What is ${n} times 41?`);
    const runIds = await Promise.all(tasks.map((task) => bench.start(task, { tenant })));
    await until("the circuit is open", async () => {
      const rows = await db`select key from pawl.gate where down_since is not null`;
      return rows.length > 0;
    });
    await faulty();
    const all = await Promise.all(runIds.map((runId) => bench.ended(runId)));
    expect(all.map(({ result }) => result.outcome.kind)).toEqual(tasks.map(() => "answered"));
    const budgets = await client.budgets({ tenant });
    const feared = budgets.find(({ scope }) => scope === "tenant_day")?.fearedMicroUsd ?? 0;
    expect(feared).toBeGreaterThan(0);
    expect(feared).toBeLessThan(CAP_MICRO_USD);
  });

  it("is charged nothing where nobody took a call, and ends at once", async () => {
    await faulty({ kind: "page", status: 501, times: 50 });
    const { code, message, requests, costUsd } = await failedBy();
    expect({ code, costUsd }).toEqual({ code: "PROVIDER_REJECTED", costUsd: 0 });
    expect(message).toBe("The provider answered 501: Not Implemented; check ANTHROPIC_BASE_URL");
    expect(requests).toHaveLength(1);
  });

  it("ends at once where what answers is no Messages API", async () => {
    await faulty({ kind: "html_ok", times: 50 });
    const { code, message, requests } = await failedBy();
    expect(code).toBe("PROVIDER_REJECTED");
    expect(message).toContain("Sign in to the network; check ANTHROPIC_BASE_URL");
    expect(requests).toHaveLength(1);
  });

  it("does not buy the same broken reply more than twice", async () => {
    await faulty({ kind: "usage", mode: "missing", times: 50 });
    const { code, requests } = await failedBy();
    expect(code).toBe("PROVIDER_STREAM_INVALID");
    expect(requests).toHaveLength(2);
  });

  it("tells an error of the stream whole, in whatever shape", async () => {
    const message = `The output does not match the format ${"x".repeat(400)}`;
    await faulty({ kind: "stream_error", shape: "bare", message, times: 50 });
    const failed = await failedBy();
    expect(failed.code).toBe("PROVIDER_UNAVAILABLE");
    expect(failed.message).toContain(message);
  });

  it("parks or stops where the provider has refused every call for hours", async () => {
    await faulty({ kind: "rate_limit", times: 50 });
    const runId = await bench.start("Say that all is well.");
    await until("it was refused", async () => {
      const rows = await bench.world.db`update pawl.gate set
        limited_since = clock_timestamp() - interval '7 hours',
        blocked_until = clock_timestamp() + interval '1 minute'
        where limited_since is not null returning key`;
      return rows.length > 0;
    });
    const { result } = await bench.ended(runId);
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "provider_spend" });
    expect(result.costUsd).toBe(0);
  });
});

describe("what no retry can help", () => {
  it.each([
    ["401", { kind: "auth" }],
    ["403", { kind: "permission" }],
  ])("a key that is refused (%s) ends the run at once", async (status, fault) => {
    await faulty({ ...fault, times: 50 });
    const startedAt = Date.now();
    const runId = await bench.start("Say that all is well.");
    const { result, requests } = await bench.ended(runId);
    expect(Date.now() - startedAt).toBeLessThan(5000);
    expect(result.outcome).toMatchObject({ kind: "failed", code: "PROVIDER_AUTH" });
    expect((result.outcome as { message: string }).message).toContain(status);
    expect(requests).toHaveLength(1);
    expect(result).toMatchObject({ costUsd: 0, modelCalls: 0, modelAttempts: 1 });
    expect(bench.logged(runId, "model_failed")).toMatchObject([{ alert: true, level: "error" }]);
  });

  it("an image that is too large ends the run, says which it is, and costs nothing", async () => {
    await faulty({ kind: "image_too_large", sidePixelsMax: 2000 });
    const { result, requests } = await bench.run("Say that all is well.");
    expect(result.outcome).toMatchObject({ kind: "failed", code: "IMAGE_TOO_LARGE" });
    expect((result.outcome as { message: string }).message).toContain("2000 pixels");
    expect(requests).toHaveLength(1);
    expect(result.costUsd).toBe(0);
  });

  it("a model that is served no more ends the run at once, and costs nothing", async () => {
    await faulty({ kind: "model_retired", times: 50 });
    const { result, requests } = await bench.run("Say that all is well.");
    expect(result.outcome).toMatchObject({ kind: "failed", code: "MODEL_RETIRED" });
    expect(requests).toHaveLength(1);
    expect(result).toMatchObject({ costUsd: 0, crashTaxUsd: 0 });
  });

  const SPEND_LIMITS: [string, object][] = [
    ["429 enforced_spend_limit_reached", { kind: "spend_limit" }],
    [
      "429 contract_spend_limit_reached",
      { kind: "spend_limit", errorCode: "contract_spend_limit_reached" },
    ],
    ["402 billing_error", { kind: "billing" }],
    ["400 usage limit", { kind: "usage_limit" }],
  ];

  it.each(SPEND_LIMITS)("a spend limit of the provider stops the run: %s", async (_, fault) => {
    await faulty({ ...fault, times: 50 });
    const { result, requests } = await bench.run("Say that all is well.");
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "provider_spend" });
    expect(requests).toHaveLength(1);
    expect(result.costUsd).toBe(0);
  });

  it.each(SPEND_LIMITS)("or parks it where the caller asked for that: %s", async (_, fault) => {
    await faulty(fault);
    const runId = await bench.start("Say that all is well.", { onLimit: "pause" });
    const waiting = await until("the run waits", async () => {
      const shown = await bench.world.client.show(runId);
      return shown.kind === "open" && shown.status === "waiting" && shown.waiting;
    });
    expect(waiting).toMatchObject({ reason: "provider", nextAttemptAt: null });
    await bench.world.client.resume(runId);
    const { result, requests } = await bench.ended(runId);
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(requests).toHaveLength(2);
    expect(result).toMatchObject({ turns: 1, modelCalls: 1, modelAttempts: 2 });
    const types = (await bench.events(runId)).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(["run.waiting", "run.continued", "run.ended"]));
  });

  it("R2: letting the run go on with the provider does not widen its own limits", async () => {
    const call = { name: "calculator", input: { expression: "6*7" } };
    await bench.world.model.script([{ times: 9, reply: { text: "On it.", toolCalls: [call] } }]);
    await faulty({ kind: "spend_limit" });
    const limits = { modelCalls: 2 };
    const runId = await bench.start("Say that all is well.", { onLimit: "pause", limits });
    const untilWaitsFor = (reason: string): Promise<boolean> =>
      until(`the run waits for ${reason}`, async () => {
        const shown = await bench.world.client.show(runId);
        return shown.kind === "open" && shown.waiting?.reason === reason;
      });
    await untilWaitsFor("provider");
    await bench.world.client.resume(runId);
    await untilWaitsFor("budget");
    await bench.world.client.cancel(runId);
    const { result } = await bench.ended(runId);
    expect(result).toMatchObject({ modelCalls: 2, turns: 2 });
  });

  it("parks again when the provider still refuses", async () => {
    await faulty({ kind: "spend_limit", times: 2 });
    const runId = await bench.start("Say that all is well.", { onLimit: "pause" });
    const isWaiting = async (requests: number): Promise<boolean> => {
      const shown = await bench.world.client.show(runId);
      const seen = await bench.world.model.requests();
      return shown.kind === "open" && shown.status === "waiting" && seen.length === requests;
    };
    await until("the run waits", () => isWaiting(1));
    const again = bench.world.client.resume(runId);
    await expect(again).rejects.toMatchObject({ code: "NOTHING_CHANGED" });
    await until("the run waits again", () => isWaiting(2));
    await bench.world.client.resume(runId);
    const { result, requests } = await bench.ended(runId);
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(requests).toHaveLength(3);
  });
});

describe("what nobody can pay", () => {
  const nothingHappened = async (
    order: Parameters<RunBench["run"]>[1],
    code: string,
  ): Promise<Extract<Outcome, { kind: "failed" }>> => {
    const { result, requests } = await bench.run("Say that all is well.", order);
    expect(requests).toHaveLength(0);
    expect(result).toMatchObject({ costUsd: 0, modelAttempts: 0, answer: null });
    expect(result.outcome).toMatchObject({ kind: "failed", code });
    return result.outcome as Extract<Outcome, { kind: "failed" }>;
  };

  it("an agent that nobody knows is named, with those there are", async () => {
    const { message } = await nothingHappened({ agent: "nobody" }, "UNKNOWN_AGENT");
    expect(message).toContain("nobody");
    expect(message).toContain("assistant");
  });

  it.each([
    ["a model without a price", () => bench.start("Hello.", { model: "gpt-17" }), "UNKNOWN_MODEL"],
    ["an empty task", () => bench.start("  \n"), "USAGE"],
  ])("%s starts no run", async (_, start, code) => {
    await expect(start()).rejects.toMatchObject({ code });
    expect(await bench.world.model.requests()).toHaveLength(0);
  });
});
