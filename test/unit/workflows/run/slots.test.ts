import { describe, expect, it } from "@jest/globals";
import { openSlots } from "../../../../workflows/run/slots.ts";

interface End {
  readonly resolve: () => void;
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
    begin(item: number): Promise<void> {
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
    const all = Promise.all([1, 2, 3, 4].map((item) => slots.use(() => work.begin(item))));
    // At once, before anything is awaited: calls begin in the order in which the model made them.
    expect(work.begun).toEqual([1, 2]);
    work.end(2).resolve();
    await settled();
    expect(work.begun).toEqual([1, 2, 3]);
    work.end(3).resolve();
    await settled();
    work.end(4).resolve();
    work.end(1).resolve();
    await all;
    expect(work.begun).toEqual([1, 2, 3, 4]);
  });

  it("gives the room of one that failed to the next", async () => {
    const work = createWork();
    const slots = openSlots(1);
    const ends = Promise.allSettled([1, 2].map((item) => slots.use(() => work.begin(item))));
    work.end(1).reject(new Error("a broken invariant"));
    await settled();
    expect(work.begun).toEqual([1, 2]);
    work.end(2).resolve();
    expect((await ends).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  });

  it("takes more when there is room again", async () => {
    const slots = openSlots(1);
    const done: string[] = [];
    await slots.use(async () => void done.push("one"));
    await slots.use(async () => void done.push("two"));
    expect(done).toEqual(["one", "two"]);
  });
});
