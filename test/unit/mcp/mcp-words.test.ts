// Names, digests, forms and bounds: what needs no server.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { InputRequiredResult } from "@modelcontextprotocol/client";
import { LineReader } from "../../../src/mcp/line-reader.ts";
import { askedBy, formOf, resumedWith } from "../../../src/mcp/server-questions.ts";
import { Throttle } from "../../../src/mcp/throttle.ts";
import { toolDigest } from "../../../src/mcp/tool-digest.ts";
import { namePrefix, toolName } from "../../../src/mcp/tool-names.ts";

describe("names of tools", () => {
  test("are server__tool where that fits, and stay the same whatever else there is", () => {
    expect(toolName("github", "create_issue")).toBe("github__create_issue");
    expect(toolName("my files", "read/all")).toMatch(
      /^my_files_[0-9a-f]{8}__read_all_[0-9a-f]{8}$/,
    );
    expect(toolName("a", "日本")).toMatch(/^a__[0-9a-f]{8}$/);
  });

  test("E6: no two tools of different servers have one name, whatever they call themselves", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "_", "-", ".", " ", "é"), maxLength: 80 });
    const server = word.filter((name) => name !== "");
    fc.assert(
      fc.property(server, word, server, word, (one, itsTool, other, othersTool) => {
        const name = toolName(one, itsTool);
        expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        expect(name.startsWith(namePrefix(one))).toBe(true);
        if (one !== other) expect(name).not.toBe(toolName(other, othersTool));
      }),
    );
    expect(toolName("a", "b__c")).not.toBe(toolName("a__b", "c"));
    expect(toolName("a", "_b")).not.toBe(toolName("a_", "b"));
    const long = "x".repeat(59);
    expect(toolName(`${long}y`, "t")).not.toBe(toolName(`${long}z`, "t"));
  });
});

test("a digest says nothing of the order of keys, and all of what a model is told", () => {
  const inputSchema = { type: "object", properties: { a: { type: "string" }, b: {} } };
  const tool = { name: "t", description: "d", inputSchema };
  const again = { inputSchema: { properties: { b: {}, a: { type: "string" } }, type: "object" } };
  expect(toolDigest({ ...tool, ...again })).toBe(toolDigest(tool));
  const others = [
    { ...tool, name: "u" },
    { ...tool, description: "D" },
    { ...tool, description: undefined },
    { ...tool, inputSchema: { ...inputSchema, required: ["a"] } },
    { ...tool, annotations: { readOnlyHint: true } },
    {
      ...tool,
      inputSchema: {
        ...inputSchema,
        properties: [
          ["a", { type: "string" }],
          ["b", {}],
        ],
      },
    },
  ];
  expect(new Set([tool, ...others].map(toolDigest)).size).toBe(7);
});

describe("questions of a server", () => {
  const asking = (inputRequests: unknown, requestState?: string): InputRequiredResult =>
    ({ resultType: "input_required", inputRequests, requestState }) as InputRequiredResult;
  const form = { type: "object", properties: { a: { type: "string" } } };
  const elicit = (params: object) => ({ method: "elicitation/create", params });

  test("in a form and on a page become questions of ours, and their answers go back by its own names", () => {
    const asked = askedBy(
      "s",
      asking(
        {
          "any/key": elicit({ message: "Who?", requestedSchema: form }),
          page: elicit({ mode: "url", message: "Log in", url: "https://login.example/x" }),
        },
        "state",
      ),
    );
    if (asked.kind !== "asks") throw new Error(asked.kind);
    expect(asked.questions).toEqual([
      { id: "q1", text: "s asks: Who?", schema: { ...form, required: [] } },
      { id: "q2", text: "s asks: Log in", schema: null, url: "https://login.example/x" },
    ]);
    expect(resumedWith(asked.resume, { q1: { action: "accept", content: { a: "b" } } })).toEqual({
      responses: {
        "any/key": { action: "accept", content: { a: "b" } },
        page: { action: "cancel" },
      },
      state: "state",
    });
  });

  test("that nobody could be asked are told as what they are", () => {
    const why = (request: unknown, state?: string): string => {
      const asked = askedBy("s", asking({ k: request }, state));
      return asked.kind === "impossible" ? asked.why : asked.kind;
    };
    expect(why({ method: "sampling/createMessage", params: {} })).toContain("does not offer");
    expect(why({ method: "roots/list" })).toContain("does not offer");
    expect(why(elicit({ mode: "url", message: "m", url: "javascript:alert(1)" }))).toContain(
      "no web page",
    );
    expect(
      why(
        elicit({
          message: "m",
          requestedSchema: { type: "object", properties: { a: { type: "object" } } },
        }),
      ),
    ).toContain("form");
    expect(why(elicit({ message: "m", requestedSchema: form }), "s".repeat(20_000))).toContain(
      "16384 bytes",
    );
    const many = Object.fromEntries(
      Array.from({ length: 9 }, (_, n) => [n, elicit({ requestedSchema: form })]),
    );
    expect(askedBy("s", asking(many))).toMatchObject({ kind: "impossible" });
    expect(askedBy("s", asking({}, "later"))).toEqual({ kind: "again", state: "later" });
    expect(resumedWith("no JSON", {})).toBeNull();
    expect(resumedWith("{}", {})).toBeNull();
  });

  test("keep of a form what a flat one has", () => {
    expect(
      formOf({
        type: "object",
        properties: { a: { type: "integer", minimum: 1, "x-evil": {} } },
        required: ["a", "b"],
      }),
    ).toEqual({
      type: "object",
      properties: { a: { type: "integer", minimum: 1 } },
      required: ["a"],
    });
    for (const schema of [null, [], {}, { type: "object" }, { type: "array", items: {} }]) {
      expect(formOf(schema)).toBeNull();
    }
  });
});

describe("bounds", () => {
  test("lines come whole over pieces, and one that never ends is given up", () => {
    const reader = new LineReader();
    expect(reader.read(Buffer.from("one\ntw"))).toEqual(["one"]);
    expect(reader.read(Buffer.from("o\r\n\nthree"))).toEqual(["two", ""]);
    expect(reader.read(Buffer.from("\n"))).toEqual(["three"]);
    const piece = new Uint8Array(1024 * 1024).fill(120);
    const read = Array.from({ length: 9 }, () => reader.read(piece));
    expect(read.at(7)).toEqual([]);
    expect(read.at(8)).toBeNull();
  });

  test("a burst is read at once, and what comes after it as fast as a worker listens", () => {
    let now = 0;
    const throttle = new Throttle(() => now);
    expect(throttle.take(32 * 1024 * 1024, 1)).toBe(0);
    expect(throttle.take(8 * 1024 * 1024, 1)).toBe(1000);
    now = 1000;
    expect(throttle.take(0, 0)).toBe(0);
    now = 1_000_000;
    expect(throttle.take(100, 4096)).toBe(0);
    expect(throttle.take(100, 1024)).toBe(1000);
  });
});
