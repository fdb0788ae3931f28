import { describe, expect, test } from "@jest/globals";
import { identify } from "../../../src/client/run-order.ts";
import { INPUT_RULES_DEFAULT } from "../../../src/domain/input-rules.ts";
import { visibilityQuery } from "../../../src/client/run-list.ts";

const ORDER = { task: "add", tenant: "acme", session: "s" };

describe("the identity of a run", () => {
  test("is new for every order without a key", () => {
    const [a, b] = [identify(ORDER), identify(ORDER)];
    expect(a.runId).toMatch(/^run_[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(a.runId).not.toBe(b.runId);
    expect(a.input.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  test("follows from tenant and key alone, and the digest from everything that was ordered", () => {
    const keyed = { ...ORDER, key: "k", limits: { tokens: 1, modelCalls: 2 } };
    const first = identify(keyed);
    const reordered = identify({ ...keyed, limits: { modelCalls: 2, tokens: 1 } });
    expect(reordered).toMatchObject({ runId: first.runId, digest: first.digest });
    const others = [
      { task: "other" },
      { model: "claude-opus-5-5" },
      { session: "t" },
      { limits: {} },
      { permission: "read" } as const,
    ];
    for (const other of others) {
      const changed = identify({ ...keyed, ...other });
      expect(changed.runId).toBe(first.runId);
      expect(changed.digest).not.toBe(first.digest);
    }
    expect(identify({ ...keyed, tenant: "x" }).runId).not.toBe(first.runId);
  });

  test("refuses a model that has no price, and lists those that have one", () => {
    expect(() => identify({ ...ORDER, model: "gpt-5" })).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_MODEL",
        message: expect.stringMatching(/^gpt-5 has no price.* There are: .*claude-sonnet-5-5/),
      }),
    );
  });

  test("refuses what the rules for tasks refuse, before there is a run", () => {
    const rules = { ...INPUT_RULES_DEFAULT, mode: "block" } as const;
    expect(() => identify({ ...ORDER, task: "a\u0000b" }, rules)).toThrow(
      expect.objectContaining({
        code: "INPUT_REJECTED",
        message: expect.stringMatching(/control/),
      }),
    );
  });

  test.each(["", "  \n", "\u200b", " \u202e\u2066 ", "\u3164"])(
    "refuses the empty task %j",
    (task) => {
      expect(() => identify({ ...ORDER, task })).toThrow(/empty/);
    },
  );

  test("refuses a task above 512 KiB, counted in bytes", () => {
    const fits = "é".repeat(256 * 1024);
    const rules = { ...INPUT_RULES_DEFAULT, charsMax: 1_000_000 };
    expect(identify({ ...ORDER, task: fits }, rules).input.task).toBe(fits);
    expect(() => identify({ ...ORDER, task: `${fits}x` }, rules)).toThrow(/524289 bytes/);
  });

  test("makes a task well formed", () => {
    expect(identify({ ...ORDER, task: "a\ud800b" }).input.task).toBe("a\ufffdb");
  });
});

describe("the query for lists", () => {
  test("leaves out histories that went on, and asks for open runs by their status", () => {
    expect(visibilityQuery({ status: "waiting", tenant: "acme" })).toBe(
      "WorkflowType = 'agentRun' AND ExecutionStatus != 'ContinuedAsNew' AND " +
        "ExecutionStatus = 'Running' AND PawlStatus = 'waiting' AND PawlTenant = 'acme'",
    );
    expect(visibilityQuery({ session: "batch_1" })).toMatch(/ AND PawlSession = 'batch_1'$/);
  });

  test("refuses values that would change it", () => {
    expect(() => visibilityQuery({ tenant: "x' OR '1'='1" })).toThrow(/can't be searched/);
  });
});
