// What a tool is executed with is what was approved, looked at once more where the arguments lie.

import { describe, expect, test } from "@jest/globals";
import { approvedInput } from "../../../activities/approved-input.ts";
import { argsDigest } from "../../../src/domain/args-digest.ts";
import type { Clearance } from "../../../src/domain/tool-call.ts";

const NICE = { path: "nice.txt", content: "nice" };
const approvedFor = (input: unknown, more: Partial<Clearance> = {}): Clearance => ({
  ...{ verdict: "approved", reason: "it writes", by: "ann", argsDigest: argsDigest(input) },
  ...more,
});

describe("the arguments of a call that a person approved", () => {
  test("are those that it waited with", () => {
    expect(approvedInput("1.1", NICE, approvedFor(NICE))).toBe(NICE);
  });

  test.each<[string, unknown]>([
    ["of another call", { path: "evil.txt", content: "EVIL: never shown" }],
    ["with another letter", { path: "nice.txt", content: "nice " }],
    ["with a letter that nobody sees", { path: "nice.txt", content: "nice\u200b" }],
    ["with one more", { ...NICE, mode: 493 }],
    ["with one less", { path: "nice.txt" }],
    ["in another order", { content: "nice", path: "nice.txt" }],
    ["of another type", JSON.stringify(NICE)],
    ["that are none", null],
  ])("%s are executed by nobody", (_, input) => {
    const executed = (): unknown => approvedInput("1.1", input, approvedFor(NICE));
    expect(executed).toThrow(/1\.1 has other arguments than those that were approved/);
  });

  test("are what the person put in their place, where the call still is the one that was shown", () => {
    const editedInput = { path: "better.txt" };
    const clearance = approvedFor(NICE, { editedInput });
    expect(approvedInput("1.1", NICE, clearance)).toBe(editedInput);
    expect(() => approvedInput("1.1", { path: "evil.txt" }, clearance)).toThrow(/other arguments/);
  });
});

test("a call that nobody had to be asked about has its own", () => {
  expect(approvedInput("1.1", NICE, undefined)).toBe(NICE);
  expect(approvedInput("1.1", NICE, { verdict: "allowed", reason: "it reads" })).toBe(NICE);
});
