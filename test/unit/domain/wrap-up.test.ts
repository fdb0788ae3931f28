import { describe, expect, it } from "@jest/globals";
import type { Limits } from "../../../src/domain/limits.ts";
import { leavesRoom, limitHitWithReserve } from "../../../src/domain/run/wrap-up.ts";

const LIMITS: Limits = {
  costMicroUsd: 1_000_000,
  tokens: 200_000,
  modelCalls: 5,
  toolCalls: 10,
  requestTokens: 50_000,
  replyTokens: 4096,
  wallClockMs: 100_000,
};
const used = (modelCalls: number) => ({ costMicroUsd: 0, tokens: 0, modelCalls, toolCalls: 0 });

describe("limits with a summary kept back", () => {
  it("keep the last model call", () => {
    expect(limitHitWithReserve(LIMITS, used(3), 0)).toBeNull();
    expect(limitHitWithReserve(LIMITS, used(4), 0)).toMatchObject({ limit: "model_calls" });
  });

  it("leave a run of one call that one", () => {
    expect(limitHitWithReserve({ ...LIMITS, modelCalls: 1 }, used(0), 0)).toBeNull();
  });

  it("keep the last tenth of the time, once there is something to sum up", () => {
    expect(limitHitWithReserve(LIMITS, used(1), 89_999)).toBeNull();
    expect(limitHitWithReserve(LIMITS, used(1), 90_000)).toMatchObject({ limit: "wall_clock" });
    expect(limitHitWithReserve(LIMITS, used(0), 90_000)).toBeNull();
  });

  it("keep at most a minute", () => {
    const anHour = { ...LIMITS, wallClockMs: 3_600_000 };
    expect(limitHitWithReserve(anHour, used(1), 3_539_999)).toBeNull();
    expect(limitHitWithReserve(anHour, used(1), 3_540_000)).not.toBeNull();
  });

  it("leave no room where the prompt itself is too long", () => {
    expect(leavesRoom("request_tokens")).toBe(false);
    expect(leavesRoom("tenant_month")).toBe(true);
  });
});
