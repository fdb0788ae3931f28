import { describe, expect, it } from "@jest/globals";
import { mapAtMost } from "../../../workflows/map-at-most.ts";

interface End {
  readonly resolve: (result: string) => void;
  readonly reject: (error: Error) => void;
}

/** Work that ends when the test says so. */
function createWork() {
  const begun: number[] = [];
  const ends = new Map<number, End>();
  return {
    begun,
    end(item: number): End {
      const end = ends.get(item);
      if (end === undefined) throw new Error(`number ${item} has not begun`);
      return end;
    },
    map(item: number): Promise<string> {
      begun.push(item);
      return new Promise((resolve, reject) => ends.set(item, { resolve, reject }));
    },
  };
}

/** Until everything that can happen without an end has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("mapping with a limit", () => {
  it("starts in order, the next one when one has ended, and keeps the order of the results", async () => {
    const work = createWork();
    const results = mapAtMost(2, [1, 2, 3, 4], (item) => work.map(item));
    expect(work.begun).toEqual([1, 2]);
    work.end(2).resolve("two");
    await settled();
    expect(work.begun).toEqual([1, 2, 3]);
    work.end(3).resolve("three");
    await settled();
    work.end(4).resolve("four");
    work.end(1).resolve("one");
    expect(await results).toEqual(["one", "two", "three", "four"]);
  });

  it("starts nothing more once one has failed", async () => {
    const work = createWork();
    const results = mapAtMost(2, [1, 2, 3, 4], (item) => work.map(item));
    work.end(1).reject(new Error("the run was cancelled"));
    await expect(results).rejects.toThrow("the run was cancelled");
    work.end(2).resolve("too late");
    await settled();
    expect(work.begun).toEqual([1, 2]);
  });

  it("of nothing is nothing", async () => {
    expect(await mapAtMost(2, [], () => Promise.reject(new Error("called")))).toEqual([]);
  });
});
