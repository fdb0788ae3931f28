import { expect, test } from "@jest/globals";
import { idempotencyKeyOf } from "../../../activities/idempotency-key.ts";

test("a call keeps its key over its attempts, and shares it with no call of another place, run or content", () => {
  const args = { guests: 2 };
  const key = idempotencyKeyOf("run_1", "3.1", args);
  expect(key).toMatch(/^run_1\/3\/1\/[0-9a-f]{16}$/);
  expect(idempotencyKeyOf("run_1", "3.1", { ...args })).toBe(key);
  const others = [
    idempotencyKeyOf("run_2", "3.1", args),
    idempotencyKeyOf("run_1", "3.2", args),
    idempotencyKeyOf("run_1", "4.1", args),
    // In the place of one that a reset has left behind.
    idempotencyKeyOf("run_1", "3.1", { guests: 3 }),
  ];
  expect(new Set([key, ...others]).size).toBe(5);
});
