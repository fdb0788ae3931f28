import { describe, expect, test } from "@jest/globals";
import { servingCommand, unservedText, type Duty } from "../../../src/domain/duty.ts";

describe("what nobody serves", () => {
  const cases: readonly (readonly [readonly Duty[], string | null, string])[] = [
    [[], null, "pawl worker"],
    [["tools"], "no worker polls for tools", "pawl worker --only tools"],
    [["model", "tools"], "no worker polls for model calls and tools", "pawl worker"],
    [["core"], "no worker polls for runs", "pawl worker"],
    [["core", "model", "tools"], "no worker polls for runs", "pawl worker"],
  ];

  test.each(cases)("%j is said as %j, and helped by %j", (unserved, text, command) => {
    expect(unservedText(unserved)).toBe(text);
    expect(servingCommand(unserved)).toBe(command);
  });
});
