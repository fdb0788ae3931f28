import { expect, test } from "@jest/globals";
import { isModelName, isSameModel } from "../../../src/domain/model-name.ts";

test.each([
  ["claude-haiku-4-5", "claude-haiku-4-5-20251001"],
  ["claude-haiku-4-5", "claude-haiku-4-5@20251001"],
  ["claude-sonnet-5-5", "claude-sonnet-5-5-latest"],
  ["claude-sonnet-5-5", "anthropic/claude-sonnet-5.5"],
  ["claude-sonnet-5-5", "us.anthropic.claude-sonnet-5-5-20260928-v1:0"],
  ["claude-sonnet-5-5", "Claude-Sonnet-5-5"],
])("%s is the model that calls itself %s", (one, other) => {
  expect(isSameModel(one, other)).toBe(true);
  expect(isSameModel(other, one)).toBe(true);
});

test.each([
  ["claude-sonnet-5-5", "claude-sonnet-5"],
  ["claude-sonnet-5-5", "claude-haiku-5-5"],
  ["claude-haiku-4-5", "claude-haiku-4-5-1"],
  ["claude-haiku-4-5", ""],
])("%s is another model than %j", (one, other) => {
  expect(isSameModel(one, other)).toBe(false);
});

test.each(["__proto__", "constructor", "toString", "", "-x", "a b", "a\n", "x".repeat(129)])(
  "%j is no name of a model",
  (name) => expect(isModelName(name)).toBe(false),
);

test.each(["claude-sonnet-5-5", "anthropic/claude-3.5:beta", "qwen2.5-coder@local"])(
  "%s is one",
  (name) => expect(isModelName(name)).toBe(true),
);
