// How a tool takes back what a call of it did.

import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import type { DoneCall } from "../../../activities/tools/tool-context.ts";
import { defineTool, type Tool, type Verification } from "../../../activities/tools/define-tool.ts";
import { ToolError } from "../../../activities/tools/tool-error.ts";
import { scrubbedSource } from "../../../activities/tool-sources/scrubbed.ts";
import { listedTools } from "../../../activities/tool-sources/tool-source.ts";
import { contextFor } from "./support.ts";

const HAPPENED: DoneCall = { outcome: "happened", result: { booking: "B-1" } };
const UNKNOWN: DoneCall = { outcome: "unknown" };
const TABLE = { guests: 2 };

interface Given {
  readonly verify?: () => Verification;
  readonly compensate?: (done: DoneCall) => unknown;
  readonly timeoutMs?: number;
}

function booking({ verify, compensate = () => undefined, timeoutMs = 1000 }: Given = {}) {
  const undone: DoneCall[] = [];
  const tool = defineTool({
    name: "book_table",
    description: "Books a table.",
    input: z.object({ guests: z.number().int() }),
    permission: "write",
    effect: verify === undefined ? "idempotent" : "verifiable",
    timeoutMs,
    execute: () => ({ booking: "B-1" }),
    ...(verify !== undefined && { verify }),
    compensate: (_, done) => {
      undone.push(done);
      return compensate(done);
    },
  });
  return { tool, undone };
}

const undo = (tool: Tool, done: DoneCall, attempt = 1) => {
  if (tool.compensate === undefined) throw new Error("it can't");
  return tool.compensate(TABLE, done, contextFor({ attempt }));
};

test("a tool says in its spec that it can take back what it does, and only then can", () => {
  expect(booking().tool.spec.compensates).toBe(true);
  const { name, description, input } = { name: "t", description: "d", input: z.object({}) };
  const reads = { name, description, input, permission: "read", effect: "pure" } as const;
  const plain = defineTool({ ...reads, execute: () => 1 });
  expect(plain.spec).not.toHaveProperty("compensates");
  expect(plain.compensate).toBeUndefined();
  expect(() => defineTool({ ...reads, execute: () => 1, compensate: () => 2 })).toThrow(
    "a pure tool has nothing to compensate",
  );
});

describe("X5: what can be asked for is asked for first", () => {
  const absent = (): Verification => ({ kind: "absent" });
  const happened = (): Verification => ({ kind: "happened", result: { booking: "B-1" } });
  const unknown = (): Verification => ({ kind: "unknown" });
  const cases = [
    { is: "it is not there", verify: absent, done: UNKNOWN, kind: "absent", told: [] },
    { is: "another took it back", verify: absent, done: HAPPENED, kind: "absent", told: [] },
    { is: "we did before", verify: absent, done: HAPPENED, attempt: 2, kind: "undone", told: [] },
    { is: "it is there", verify: happened, done: UNKNOWN, kind: "undone", told: [HAPPENED] },
    { is: "nobody can tell", verify: unknown, done: UNKNOWN, kind: "undone", told: [UNKNOWN] },
  ];

  test.each(cases)("$is", async ({ verify, done, attempt = 1, kind, told }) => {
    const { tool, undone } = booking({ verify });
    expect(await undo(tool, done, attempt)).toEqual({ kind });
    expect(undone).toEqual(told);
  });

  test("what can't be asked for is told what is known of it", async () => {
    const { tool, undone } = booking();
    await undo(tool, UNKNOWN);
    await undo(tool, HAPPENED, 2);
    expect(undone).toEqual([UNKNOWN, HAPPENED]);
  });
});

describe("X6: it throws where it is not known to have succeeded", () => {
  const thrown = new ToolError("it was eaten");

  test("as the tool threw it", async () => {
    const { tool } = booking({
      compensate: () => {
        throw thrown;
      },
    });
    await expect(undo(tool, HAPPENED)).rejects.toBe(thrown);
  });

  test("where the tool does not answer in time", async () => {
    const { tool } = booking({ compensate: () => new Promise(() => undefined), timeoutMs: 20 });
    await expect(undo(tool, HAPPENED)).rejects.toThrow("no answer within 20 ms");
  });

  test("where the arguments are none any more", async () => {
    const { tool, undone } = booking();
    const call = tool.compensate?.({ guests: "two" }, HAPPENED, contextFor());
    await expect(call).rejects.toThrow(/don't match its schema/);
    expect(undone).toEqual([]);
  });

  test("and no secret of the worker is in what it says", async () => {
    const secret = "sk-very-secret-123";
    const { tool } = booking({
      compensate: () => {
        throw new Error(`refused: ${secret}`);
      },
    });
    const source = scrubbedSource(listedTools("own", [tool]), [secret]);
    const scrubbed = await source.open("book_table");
    expect(scrubbed?.compensate).toBeDefined();
    await expect(scrubbed?.compensate?.(TABLE, HAPPENED, contextFor())).rejects.toThrow(
      /^refused: \*+$/,
    );
  });
});

describe("a call that failed says whether it may have changed anything", () => {
  const failing = (thrown: unknown) =>
    defineTool({
      name: "book_table",
      description: "Books a table.",
      input: z.object({ guests: z.number().int() }),
      permission: "write",
      effect: "idempotent",
      execute: () => {
        throw thrown;
      },
    });

  test.each<[string, unknown, number, string]>([
    ["who knows what went wrong has changed nothing", new ToolError("full"), 1, "none"],
    ["unless it says otherwise", new ToolError("cut", { effect: "unknown" }), 1, "unknown"],
    ["or an attempt before was lost", new ToolError("full"), 2, "unknown"],
    ["of anything else nobody knows", new Error("ECONNRESET"), 1, "unknown"],
  ])("%s", async (_, thrown, attempt, effect) => {
    const output = await failing(thrown).run(TABLE, contextFor({ attempt }));
    expect(output).toMatchObject({ isError: true, effect });
  });

  test("arguments that don't match were never used", async () => {
    const { tool } = booking();
    expect(await tool.run({ guests: "two" }, contextFor())).toMatchObject({ effect: "none" });
  });

  test("and one that did what it was for says nothing of it", async () => {
    const { tool } = booking();
    expect(await tool.run(TABLE, contextFor())).not.toHaveProperty("effect");
  });
});
