import { describe, expect, test } from "@jest/globals";
import type { RunInput } from "../../../src/domain/run.ts";
import { shortTask, startMemo, startOptions } from "../../../src/temporal/run-start.ts";

const INPUT: RunInput = {
  task: "t".repeat(500),
  agent: "assistant",
  tenant: "acme",
  session: "s1",
  limits: {},
  onLimit: "stop",
  traceId: "ab12",
};
const RUN = { runId: "run_1", digest: "d1", input: INPUT };

describe("a run that is begun", () => {
  test("says in its memo what lists and repeated orders read", () => {
    expect(startMemo(startOptions(RUN).memo)).toEqual({
      taskDigest: "d1",
      task: "t".repeat(200),
      traceId: "ab12",
      session: "s1",
    });
  });

  test("is found by whose it is, and runs from its first moment", () => {
    const columns = startOptions(RUN).typedSearchAttributes;
    expect(columns.map(({ key, value }) => [key.name, value])).toEqual([
      ["PawlAgent", "assistant"],
      ["PawlTenant", "acme"],
      ["PawlSession", "s1"],
      ["PawlStatus", "running"],
    ]);
  });
});

test("the memo of another workflow says nothing of a run", () => {
  const nothing = { taskDigest: "", task: "", traceId: "", session: "" };
  expect(startMemo(undefined)).toEqual(nothing);
  expect(startMemo({ task: 7, other: "x" })).toEqual(nothing);
});

test("the first of a task is cut between characters", () => {
  expect(shortTask(`${"a".repeat(199)}😀`).isWellFormed()).toBe(true);
});
