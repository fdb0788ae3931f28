import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ToolError } from "../../../activities/tools/tool-error.ts";
import {
  TEXT_BYTES_MAX,
  toolFailure,
  toolOutput,
  withReadOn,
} from "../../../activities/tools/tool-output.ts";
import { propertyRuns } from "../../support/tier.ts";

const deep = (levels: number): unknown => {
  let value: unknown = "bottom";
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { in: value };
  return value;
};

const PLAIN: readonly (readonly [what: string, value: unknown, text: string])[] = [
  ["a string", "5 results", "5 results"],
  ["an object", { a: 1, b: [true, null] }, '{"a":1,"b":[true,null]}'],
  ["undefined", undefined, "(no output)"],
  ["an empty string", "", "(no output)"],
  ["null", null, "null"],
  ["a BigInt", { total: 12_345_678_901_234_567_890n }, '{"total":12345678901234567890}'],
  ["NaN and Infinity", [Number.NaN, Infinity], '["NaN","Infinity"]'],
  ["a Date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ["an invalid Date", new Date(Number.NaN), "null"],
  ["a Map and a Set", { m: new Map([["k", 1]]), s: new Set([2]) }, '{"m":[["k",1]],"s":[2]}'],
  ["fields without a value", { a: undefined, f: () => 1, s: Symbol("s") }, "{}"],
  ["a hole in an array", [1, undefined, 3], "[1,null,3]"],
  ["bytes that are text", Buffer.from("grüß dich"), "grüß dich"],
  ["bytes that are none", Buffer.from([0xff, 0xfe, 0, 1]), "(binary data, 4 bytes)"],
  ["bytes inside", { file: new Uint8Array(9) }, '{"file":"[binary data, 9 bytes]"}'],
  ["an own __proto__", JSON.parse('{"__proto__":{"x":1}}'), '{"__proto__":{"x":1}}'],
  ["an object without prototype", Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
];

describe("what a tool returned becomes text", () => {
  test.each(PLAIN)("%s", (_, value, text) => {
    expect(toolOutput(value)).toEqual({ text, isError: false });
  });
});

test("a circle is named where it closes, and what is only repeated is written again", () => {
  const shared = { id: 7 };
  const circular: Record<string, unknown> = { one: shared, two: shared };
  circular["self"] = circular;
  expect(toolOutput(circular).text).toBe('{"one":{"id":7},"two":{"id":7},"self":"[circular]"}');
});

test("JSON of 100,000 levels is cut at a depth and stays valid JSON", () => {
  const { text, isError } = toolOutput(deep(100_000));
  expect(isError).toBe(false);
  expect(text).toContain("[deeper than 100 levels]");
  expect(() => JSON.parse(text)).not.toThrow();
});

test("an object that doubles at every level ends at the size limit", () => {
  let value: unknown = "leaf of a tree";
  for (let level = 0; level < 60; level += 1) value = [value, value];
  const { text, fullText } = toolOutput(value);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TEXT_BYTES_MAX);
  expect(fullText?.length).toBeLessThanOrEqual(8 * 1024 * 1024);
  expect(text).toContain("more than");
});

test("a field that can't be read costs that field and not the answer", () => {
  const proxy = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error("revoked");
      },
    },
  );
  const hostile = {
    good: 1,
    proxy,
    bad: {
      toJSON() {
        throw new Error("no");
      },
    },
  };
  expect(toolOutput(hostile).text).toBe(
    '{"good":1,"proxy":"[unreadable: revoked]","bad":"[unreadable: no]"}',
  );
});

test("a number of a million digits is named, not spelled out", () => {
  expect(toolOutput({ n: 1n << 4_000_000n }).text).toContain("more than 1000 digits");
});

test("a string of 50 MB is cut fast, and says how long it was", () => {
  const huge = "0123456789".repeat(5 * 1024 * 1024);
  const startedAt = performance.now();
  const { text, fullText } = toolOutput(huge);
  expect(performance.now() - startedAt).toBeLessThan(2000);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TEXT_BYTES_MAX);
  expect(text).toContain("52428800 bytes in all");
  expect(fullText).toHaveLength(8 * 1024 * 1024);
});

test("what fits in 64 KiB is not cut, one byte more is, between two characters", () => {
  expect(toolOutput("x".repeat(TEXT_BYTES_MAX))).not.toHaveProperty("fullText");
  for (const character of ["x", "ß", "語", "😀"]) {
    const long = character.repeat(TEXT_BYTES_MAX / Buffer.byteLength(character) + 1);
    const { text, fullText } = toolOutput(`a${long}`);
    const [shown = "", note = ""] = text.split("\n");
    expect(fullText?.startsWith(shown)).toBe(true);
    expect(shown.isWellFormed()).toBe(true);
    expect(shown.length).toBeGreaterThan(1000);
    expect(note).toMatch(/^\[cut here: \d+ bytes in all/);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TEXT_BYTES_MAX);
  }
});

test("the note of a kept output reads on exactly where the text stops", () => {
  const output = toolOutput("äöü ".repeat(40_000));
  const text = withReadOn(output, "ref-1");
  const at = text.lastIndexOf("\n[cut here: ");
  const call: unknown = JSON.parse(/read_result (\{.*\})/.exec(text)?.[1] ?? "");
  expect(call).toEqual({ id: "ref-1", offset: at });
  expect(output.fullText?.slice(0, at)).toBe(text.slice(0, at));
  expect(withReadOn(toolOutput("short"), "ref-1")).toBe("short");
});

const HIDDEN: readonly (readonly [what: string, text: string, shown: string])[] = [
  ["NUL", "a\0b", String.raw`a\u0000b`],
  ["an ANSI sequence", "\u001b[2Jgone", String.raw`\u001b[2Jgone`],
  ["a C1 control", "\u009b31m", String.raw`\u009b31m`],
  ["an overwriting carriage return", "safe\revil", String.raw`safe\u000devil`],
  ["a bidi override", "user\u202etxt.exe", String.raw`user\u202etxt.exe`],
  ["a zero-width space", "pass\u200bword", String.raw`pass\u200bword`],
  ["invisible tag characters", "hi\u{e0041}", String.raw`hi\udb40\udc41`],
  ["a lone surrogate", "a\ud800b", "a\ufffdb"],
  ["a byte order mark", "\ufeffid", String.raw`\ufeffid`],
  ["a row of joiners", "a\u200d\u200db", String.raw`a${"\u200d"}\u200db`],
];

describe("what a reader would not see is spelled out", () => {
  test.each(HIDDEN)("%s", (_, text, shown) => {
    expect(toolOutput(text).text).toBe(shown);
  });

  test("in JSON it still means the same", () => {
    const value = { "k\u202e": "\0 \u200b \u{e0041}" };
    expect(JSON.parse(toolOutput(value).text)).toEqual(value);
  });

  test("text of all languages and emoji stay as they are", () => {
    for (const text of ["می‌خواهم", "क्‍ष", "👨‍👩‍👧 ❤️ 🏳️‍🌈 1️⃣", "日本語\n\tעברית\r\nende"]) {
      expect(toolOutput(text).text).toBe(text);
    }
  });
});

test("a failed tool is an answer with advice", () => {
  const known = new ToolError("No such city.", { suggestion: "Use the English name." });
  expect(toolFailure(known)).toEqual({
    text: '{"error":"No such city.","suggestion":"Use the English name."}',
    isError: true,
    effect: "none",
  });
  const unknown = toolFailure(new Error("boom", { cause: new Error("ECONNREFUSED") }));
  expect(JSON.parse(unknown.text)).toMatchObject({
    error: "boom: ECONNREFUSED",
    suggestion: expect.stringMatching(/\w/),
  });
  expect(toolOutput(new Error("returned, not thrown")).isError).toBe(true);
});

describe("what the operating system says is told without the places of this host", () => {
  const dir = mkdtempSync(join(tmpdir(), "pawl-places-"));
  afterAll(() => rmSync(dir, { recursive: true }));
  const told = async (act: () => unknown): Promise<string> => {
    try {
      await act();
    } catch (error) {
      return toolFailure(error).text;
    }
    throw new Error("it did not fail");
  };

  test.each<[string, () => unknown, RegExp]>([
    ["a file that is read", () => readFileSync(join(dir, "corpus.jsonl")), /open 'corpus\.jsonl'/],
    [
      "a file that is moved",
      () => renameSync(join(dir, "a.txt"), join(dir, "sub", "b.txt")),
      /rename 'a\.txt' -> 'b\.txt'/,
    ],
    ["a program that is started", () => execFileSync(join(dir, "grep")), /spawnSync grep ENOENT/],
    [
      "a socket that is asked",
      () => once(connect(join(dir, "agent.sock")), "connect"),
      /connect ENOENT agent\.sock/,
    ],
    [
      "what lies behind another error",
      () => {
        try {
          readFileSync(join(dir, "key"));
        } catch (cause) {
          throw new Error("no key", { cause });
        }
      },
      /no key: ENOENT.*open 'key'/,
    ],
  ])("of %s", async (_what, act, sentence) => {
    const text = await told(act);
    expect(text).toMatch(sentence);
    expect(text).not.toContain(dir);
  });

  test("and a path that a tool knows as its own stays as it is", async () => {
    expect(await told(() => readFileSync("not/there.txt"))).toContain("open 'not/there.txt'");
    const own = Object.assign(new Error("GET /v1/users: 404"), { path: "/v1/users" });
    expect(toolFailure(own).text).toContain("GET /v1/users: 404");
    expect(await told(() => readdirSync("/\0"))).toContain("error");
  });
});

test("whatever is thrown becomes valid JSON of a bounded length", () => {
  for (const thrown of ["text", 42, null, undefined, { code: 7 }, deep(50_000), "x".repeat(1e7)]) {
    const { text, isError } = toolFailure(thrown);
    expect(isError).toBe(true);
    expect(JSON.parse(text)).toMatchObject({ error: expect.any(String) });
    expect(text.length).toBeLessThan(20_000);
  }
});

test("any value gives well-formed text within the limit", () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
      const { text } = toolOutput(value);
      expect(text.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TEXT_BYTES_MAX);
      expect(text).not.toMatch(/(?![\t\n\r])\p{Cc}|[\u202e\u200b]/u);
    }),
    { numRuns: propertyRuns(500) },
  );
});

test("what JSON.stringify can say is said in the same way", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
      if (typeof value === "string") return;
      expect(JSON.parse(toolOutput(value).text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: propertyRuns(500) },
  );
});
