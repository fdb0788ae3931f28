import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTool, type ToolDefinition } from "../../../activities/tools/define-tool.ts";
import { ToolError } from "../../../activities/tools/tool-error.ts";
import { contextFor } from "./support.ts";

const input = z.object({
  city: z.string().min(1).describe("Name of the city."),
  days: z.number().int().max(10).default(3),
  place: z.object({ lat: z.number(), lon: z.number() }).optional(),
});

function weather(changes: Partial<ToolDefinition<typeof input>> = {}) {
  return defineTool({
    name: "get_weather",
    description: "The weather of a city.",
    input,
    permission: "read",
    effect: "pure",
    execute: ({ city, days }) => `${city} for ${days} days`,
    ...changes,
  });
}

const DEFINED = {
  name: "list",
  description: "Lists.",
  permission: "read",
  effect: "pure",
  execute: () => 1,
} as const;

const errorIn = (text: string): { error: string; suggestion: string } => JSON.parse(text);

test("a definition becomes the spec that the model and the run are given", () => {
  expect(weather().spec).toEqual({
    name: "get_weather",
    description: "The weather of a city.",
    inputSchema: {
      type: "object",
      properties: {
        city: { type: "string", minLength: 1, description: "Name of the city." },
        days: { type: "integer", default: 3, maximum: 10 },
        place: {
          type: "object",
          properties: { lat: { type: "number" }, lon: { type: "number" } },
          required: ["lat", "lon"],
          additionalProperties: false,
        },
      },
      required: ["city"],
      additionalProperties: false,
    },
    permission: "read",
    effect: "pure",
    timeoutMs: 60_000,
    attemptsMax: 3,
    inline: false,
  });
});

test("a once tool has one attempt, an inline tool 5 seconds", () => {
  expect(weather({ effect: "once" }).spec.attemptsMax).toBe(1);
  expect(weather({ inline: true }).spec).toMatchObject({ inline: true, timeoutMs: 5000 });
});

const keyed = (key: string) => z.object({ [key]: z.number() });

describe("names of arguments that the API refuses are refused with the definition", () => {
  test.each(["$top", "max price", "größe", "@type", "filter[id]", "", "x".repeat(65), "a/b"])(
    "%s",
    (key) => {
      const definition = { ...DEFINED, input: keyed(key) };
      expect(() => defineTool(definition)).toThrow(JSON.stringify(key));
    },
  );

  test.each([
    ["within an object", z.object({ a: keyed("$b") })],
    ["in a list", z.object({ a: z.array(keyed("$b")) })],
    ["in a choice", z.object({ a: z.union([z.string(), keyed("$b")]) })],
    ["in a record's values", z.object({ a: z.record(z.string(), keyed("$b")) })],
    ["in a tuple", z.object({ a: z.tuple([z.string(), keyed("$b")]) })],
    ["where it is optional", z.object({ a: keyed("$b").optional() })],
  ])("%s", (_, nested) => {
    expect(() => defineTool({ ...DEFINED, input: nested })).toThrow("$b");
  });

  test("all of them in one message, with all else that is wrong", () => {
    const keys = z.object({ $top: z.number(), ok: z.string(), "max price": z.number() });
    expect(() => defineTool({ ...DEFINED, name: "list it", input: keys })).toThrow(
      /name must match.*names of arguments must match.*"\$top", "max price"/,
    );
  });

  test.each(["a", "A.b-c_9", "x".repeat(64)])("but not %s", (key) => {
    expect(defineTool({ ...DEFINED, input: keyed(key) }).spec.name).toBe("list");
  });
});

const MISTAKES: readonly (readonly [Partial<ToolDefinition<typeof input>>, RegExp])[] = [
  [{ name: "get weather" }, /name must match/],
  [{ name: "" }, /name must match/],
  [{ name: "x".repeat(65) }, /name must match/],
  [{ description: " " }, /description is empty/],
  [{ inline: true, effect: "idempotent" }, /only a pure tool/],
  [{ inline: true, timeoutMs: 30_000 }, /at most 5000 ms/],
  [{ timeoutMs: 0 }, /timeoutMs/],
  [{ timeoutMs: -5 }, /timeoutMs/],
  [{ timeoutMs: Number.NaN }, /timeoutMs/],
  [{ attemptsMax: 0 }, /attemptsMax/],
  [{ attemptsMax: 1.5 }, /attemptsMax/],
  [{ effect: "once", attemptsMax: 3 }, /exactly one attempt/],
  [{ effect: "verifiable" }, /needs verify/],
  [{ effect: "pure", verify: () => ({ kind: "absent" }) }, /verify is for/],
  [JSON.parse('{"effect":"safe"}'), /effect is one of/],
  [JSON.parse('{"permission":"root"}'), /permission is one of/],
  [JSON.parse('{"input":{"type":"object"}}'), /must be a z\.object/],
];

describe("a mistake in a definition is found when it is defined", () => {
  test.each(MISTAKES)("%j", (changes, message) => {
    expect(() => weather(changes)).toThrow(message);
  });

  test("an input that JSON Schema can't express", () => {
    const definition = {
      name: "remind",
      description: "Sets a reminder.",
      input: z.object({ at: z.date() }),
      permission: "write",
      effect: "once",
      execute: () => "",
    } as const;
    expect(() => defineTool(definition)).toThrow(/"remind".*JSON Schema/);
  });
});

test("X1: execute gets parsed input, with its defaults", async () => {
  const output = await weather().run({ city: "Graz" }, contextFor());
  expect(output).toEqual({ text: "Graz for 3 days", isError: false });
});

const UNFIT: readonly unknown[] = [
  {},
  { city: 5 },
  { city: "" },
  { city: "Graz", days: 11 },
  { city: "Graz", dayz: 2 },
  { city: "Graz", place: { lat: 1 } },
  null,
  "Graz",
  ["Graz"],
  JSON.parse('{"city":"Graz","__proto__":{"days":1}}'),
];

test.each(UNFIT)("input that doesn't match is told and not executed: %j", async (raw) => {
  let executed = 0;
  const tool = weather({ execute: () => (executed += 1) });
  const { text, isError } = await tool.run(raw, contextFor());
  expect(isError).toBe(true);
  expect(errorIn(text).error).toContain("don't match its schema");
  expect(errorIn(text).suggestion).toContain("city, days, place");
  expect(executed).toBe(0);
});

test("the model is told which argument is wrong and why", async () => {
  const { text } = await weather().run({ city: 5, days: 99 }, contextFor());
  expect(errorIn(text).error).toMatch(/city: .*string.*days: .*10/);
});

test("X2: what a tool throws is an answer with the tool's own advice", async () => {
  const tool = weather({
    execute: () => {
      throw new ToolError("No such city.", { suggestion: "Use the English name." });
    },
  });
  const { text, isError } = await tool.run({ city: "Vindobona" }, contextFor());
  expect(isError).toBe(true);
  expect(errorIn(text)).toEqual({ error: "No such city.", suggestion: "Use the English name." });
});

/** Foreign code wherever somebody looks. */
const TRAPPED = new Proxy(new Error("x"), {
  get() {
    throw TRAPPED;
  },
  getPrototypeOf() {
    throw TRAPPED;
  },
  has() {
    throw TRAPPED;
  },
});

const revoked = Proxy.revocable({}, {});
revoked.revoke();

const withGetter = (name: string, value: () => unknown): Error =>
  Object.defineProperty(new ToolError("x", { retryable: true }), name, { get: value });

const trap = (): never => {
  throw TRAPPED;
};

const HOSTILE: readonly (readonly [string, unknown])[] = [
  ["a proxy whose traps throw it again", TRAPPED],
  ["a proxy that was revoked", revoked.proxy],
  ["a message that throws", withGetter("message", trap)],
  ["a message that is a symbol", withGetter("message", () => Symbol("x"))],
  ["a message that is an object", withGetter("message", () => ({ toString: trap }))],
  ["a name that throws", withGetter("name", trap)],
  ["a cause that throws", withGetter("cause", trap)],
  ["a suggestion that throws", withGetter("suggestion", trap)],
  ["a suggestion that is no text", withGetter("suggestion", () => 5)],
  ["advice on retries that throws", withGetter("retryable", trap)],
  ["an object whose toJSON throws a trap", { toJSON: trap }],
  ["nothing", undefined],
  ["null", null],
  ["a symbol", Symbol("x")],
  ["a function", trap],
  // oxlint-disable-next-line unicorn/no-thenable -- that is what it is about
  ["a thenable that throws", Object.defineProperty({}, "then", { get: trap })],
];

describe("X2: whatever is thrown is an answer, and never leaves the tool raw", () => {
  test.each(HOSTILE)("%s", async (_, thrown) => {
    const tool = weather({
      attemptsMax: 1,
      execute: () => {
        throw thrown;
      },
    });
    const { text, isError } = await tool.run({ city: "Graz" }, contextFor());
    expect(isError).toBe(true);
    expect(errorIn(text)).toEqual({ error: expect.any(String), suggestion: expect.any(String) });
  });

  test.each(HOSTILE)("returned: %s", async (_, value) => {
    const tool = weather({ attemptsMax: 1, execute: () => value });
    expect(await tool.run({ city: "Graz" }, contextFor())).toMatchObject({
      text: expect.any(String),
    });
  });

  test.each(HOSTILE)("by a check of the arguments: %s", async (_, thrown) => {
    const picky = defineTool({
      ...DEFINED,
      input: z.object({
        city: z.string().refine(() => {
          throw thrown;
        }),
      }),
    });
    expect(await picky.run({ city: "Graz" }, contextFor())).toMatchObject({ isError: true });
  });

  test("what is thrown for a retry is an error of ours, with the words of the tool's", async () => {
    const thrown = Object.assign(withGetter("stack", trap), { retryable: true });
    const tool = weather({
      execute: () => {
        throw thrown;
      },
    });
    const raised = await tool.run({ city: "Graz" }, contextFor()).catch((error: unknown) => error);
    expect(raised).not.toBe(thrown);
    expect(raised).toMatchObject({ name: "ToolError", message: "x", retryable: true });
  });
});

test("a retryable error is thrown while attempts are left, then it is an answer", async () => {
  const tool = weather({
    execute: async () => {
      throw new ToolError("503 from the weather service", { retryable: true });
    },
  });
  for (const attempt of [1, 2]) {
    await expect(tool.run({ city: "Graz" }, contextFor({ attempt }))).rejects.toThrow("503");
  }
  expect(await tool.run({ city: "Graz" }, contextFor({ attempt: 3 }))).toMatchObject({
    isError: true,
  });
});

test("X4: a tool that ignores its signal is given up after timeoutMs", async () => {
  let signal: AbortSignal | undefined;
  const tool = weather({
    timeoutMs: 20,
    execute: (_, context) => {
      ({ signal } = context);
      return new Promise(() => undefined);
    },
  });
  const { text, isError } = await tool.run({ city: "Graz" }, contextFor());
  expect(isError).toBe(true);
  expect(errorIn(text).error).toContain("within 20 ms");
  expect(signal?.aborted).toBe(true);
});

test("a tool with an effect that times out has an unknown outcome", async () => {
  const tool = weather({
    effect: "once",
    timeoutMs: 20,
    execute: () => new Promise(() => undefined),
  });
  const { text } = await tool.run({ city: "Graz" }, contextFor());
  expect(errorIn(text).error).toContain("outcome of get_weather is unknown");
});

test("a cancelled run gets the reason of the cancellation, not an answer", async () => {
  const cancelling = new AbortController();
  const tool = weather({ execute: () => new Promise(() => undefined) });
  const running = tool.run({ city: "Graz" }, contextFor({ signal: cancelling.signal }));
  cancelling.abort(new Error("CANCELLED"));
  await expect(running).rejects.toThrow("CANCELLED");

  const late = weather().run({ city: "Graz" }, contextFor({ signal: cancelling.signal }));
  await expect(late).rejects.toThrow("CANCELLED");
});

test("X3: a once tool is not executed by a second attempt", async () => {
  let executed = 0;
  const tool = weather({ effect: "once", execute: () => (executed += 1) });
  const { text, isError } = await tool.run({ city: "Graz" }, contextFor({ attempt: 2 }));
  expect(isError).toBe(true);
  expect(errorIn(text).error).toContain("unknown");
  expect(executed).toBe(0);
});

describe("a verifiable tool", () => {
  const run = async (attempt: number, kind: "happened" | "absent" | "unknown") => {
    const steps: string[] = [];
    const tool = weather({
      effect: "verifiable",
      execute: () => {
        steps.push("execute");
        return "executed";
      },
      verify: async (_, { idempotencyKey }) => {
        steps.push(`verify ${idempotencyKey}`);
        return kind === "happened" ? { kind, result: "found" } : { kind };
      },
    });
    const { text, isError } = await tool.run({ city: "Graz" }, contextFor({ attempt }));
    return { steps, text, isError };
  };

  test("is executed at once by the first attempt", async () => {
    expect(await run(1, "happened")).toEqual({
      steps: ["execute"],
      text: "executed",
      isError: false,
    });
  });

  test("is asked first by a later attempt, and its result adopted", async () => {
    expect(await run(2, "happened")).toEqual({
      steps: ["verify run_1/1/toolu_1"],
      text: "found",
      isError: false,
    });
  });

  test("is executed again only where it provably did not happen", async () => {
    expect((await run(2, "absent")).steps).toEqual(["verify run_1/1/toolu_1", "execute"]);
    expect(await run(2, "unknown")).toMatchObject({
      steps: ["verify run_1/1/toolu_1"],
      isError: true,
      text: expect.stringContaining("unknown"),
    });
  });
});
