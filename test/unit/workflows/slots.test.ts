import { describe, expect, it } from "@jest/globals";
import { openSlots } from "../../../workflows/slots.ts";

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
    begin(item: number): Promise<string> {
      begun.push(item);
      return new Promise((resolve, reject) => ends.set(item, { resolve, reject }));
    },
  };
}

/** Until everything that can happen without an end has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("work with a limit on how much is under way", () => {
  it("begins in the order of asking, the next one when one has ended", async () => {
    const work = createWork();
    const slots = openSlots(2);
    const results = Promise.all([1, 2, 3, 4].map((item) => slots.use(() => work.begin(item))));
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

  it("begins nothing more once one has failed", async () => {
    const work = createWork();
    const slots = openSlots(2);
    const results = [1, 2, 3, 4].map((item) => slots.use(() => work.begin(item)));
    const ends = Promise.allSettled(results);
    work.end(1).reject(new Error("the run was cancelled"));
    await settled();
    work.end(2).resolve("in time");
    expect((await ends).map(({ status }) => status)).toEqual([
      ...["rejected", "fulfilled", "rejected", "rejected"],
    ]);
    expect(work.begun).toEqual([1, 2]);
  });

  it("takes more when there is room again", async () => {
    const slots = openSlots(1);
    expect(await slots.use(async () => "one")).toBe("one");
    expect(await slots.use(async () => "two")).toBe("two");
  });
});
