import { expect, test } from "@jest/globals";
import { gatheredReads } from "../../../src/store/gathered-reads.ts";

function table(rows: Readonly<Record<string, number>>, keysMax = 3) {
  const asked: (readonly string[])[] = [];
  const waiting: (() => void)[] = [];
  let failing: Error | null = null;
  const read = gatheredReads<number>(async (keys) => {
    asked.push(keys);
    await new Promise<void>((resolve) => waiting.push(resolve));
    if (failing !== null) throw failing;
    return new Map(keys.flatMap((key) => (key in rows ? [[key, rows[key] ?? 0]] : [])));
  }, keysMax);
  return {
    asked,
    read,
    fail: (error: Error | null) => (failing = error),
    answer: async (): Promise<void> => {
      while (waiting.length === 0) await Promise.resolve();
      waiting.shift()?.();
    },
  };
}

test("who asks while a statement is under way shares the next one, and gets its own row", async () => {
  const { asked, read, answer } = table({ a: 1, b: 2 });
  const first = read("a");
  await Promise.resolve();
  await Promise.resolve();
  const [second, third, again] = [read("b"), read("none"), read("b")];
  await answer();
  expect(await first).toBe(1);
  await answer();
  expect(await Promise.all([second, third, again])).toEqual([2, null, 2]);
  expect(asked).toEqual([["a"], ["b", "none"]]);
});

test("a statement asks for so many at most", async () => {
  const { asked, read, answer } = table({});
  const all = ["a", "b", "c", "d"].map((key) => read(key));
  await answer();
  await answer();
  expect(await Promise.all(all)).toEqual([null, null, null, null]);
  expect(asked).toEqual([["a", "b", "c"], ["d"]]);
});

test("one that fails is told to those who waited for it; the next ones are asked for anew", async () => {
  const { read, answer, fail } = table({ a: 1 });
  fail(new Error("away"));
  const failed = expect(read("a")).rejects.toThrow("away");
  await answer();
  await failed;
  fail(null);
  const next = read("a");
  await answer();
  expect(await next).toBe(1);
});
