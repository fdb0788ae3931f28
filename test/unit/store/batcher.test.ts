// One lane: what goes together, in which order, and who hears of a failure.

import { expect, test } from "@jest/globals";
import { PawlError } from "../../../src/domain/errors.ts";
import { createBatcher, type Batcher } from "../../../src/store/batcher.ts";
import type { Database } from "../../../src/store/database.ts";
import { until } from "../../support/processes.ts";

type Items = readonly { readonly id: string }[];

interface Desk {
  readonly batcher: Batcher;
  /** The ids of each batch that came, in order. */
  readonly batches: readonly (readonly string[])[];
  /** Books the batches that wait, and those that come. */
  readonly open: () => void;
}

/** Each batch waits until the desk is open, and then goes as `answer` says. */
function openDesk(answer: (items: Items) => readonly unknown[] = (items) => items): Desk {
  const batches: string[][] = [];
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const db = async (strings: readonly string[], ...values: readonly unknown[]) => {
    if (strings.join("").includes("current_setting")) return [{ fsync: "on" }];
    expect(strings.join("")).toContain("book_durably");
    const items = JSON.parse(String(values[0])) as Items;
    batches.push(items.map(({ id }) => id));
    await opened;
    return [{ answers: answer(items) }];
  };
  return { batcher: createBatcher(db as unknown as Database), batches, open: () => open() };
}

const item = (tenant: string, id: string, rest: object = {}) => ({
  tenant,
  key: id,
  body: { id, ...rest },
});
const answersOf = (promises: readonly Promise<unknown>[]): Promise<readonly unknown[]> =>
  Promise.all(promises.map((promise) => promise.catch((error: Error) => error.message)));

test("what comes at once, or while the lane is taken, goes together, and each hears its own answer", async () => {
  const { batcher, batches, open } = openDesk();
  const first = [batcher.book(item("a", "1")), batcher.book(item("a", "2"))];
  await until("the lane is taken", () => batches.length === 1);
  const later = [3, 4, 5].map((n) => batcher.book(item("a", String(n))));
  open();
  const answers = await answersOf([...first, ...later]);
  expect(answers).toEqual(["1", "2", "3", "4", "5"].map((id) => ({ id })));
  expect(batches).toEqual([
    ["1", "2"],
    ["3", "4", "5"],
  ]);
});

test("tenants take turns: one with many in line keeps nobody waiting", async () => {
  const { batcher, batches, open } = openDesk();
  const many = Array.from({ length: 500 }, (_, n) => batcher.book(item("large", `large-${n}`)));
  const few = ["b", "c"].map((tenant) => batcher.book(item(tenant, tenant)));
  open();
  await Promise.all([...many, ...few]);
  expect(batches[0]?.slice(0, 3)).toEqual(["large-0", "b", "c"]);
  expect(batches.map(({ length }) => length)).toEqual([200, 200, 102]);
});

test("two items of one run go in two batches, in their order", async () => {
  const { batcher, batches, open } = openDesk();
  const of = (id: string) => batcher.book({ tenant: "a", key: "run 1", body: { id } });
  const promises = [of("1"), of("2"), batcher.book(item("b", "other"))];
  open();
  await Promise.all(promises);
  expect(batches).toEqual([["1", "other"], ["2"]]);
});

test("a batch has a megabyte at most, and what is larger goes alone", async () => {
  const { batcher, batches, open } = openDesk();
  const text = "x".repeat(600_000);
  const large = ["1", "2", "3"].map((id) => batcher.book(item("a", id, { text })));
  const huge = batcher.book(item("a", "huge", { text: text + text }));
  open();
  await Promise.all([...large, huge]);
  expect(batches).toEqual([["1"], ["2"], ["3"], ["huge"]]);
});

test("where a statement fails, only the item that does it hears so", async () => {
  const { batcher, batches, open } = openDesk((items) => {
    if (items.some(({ id }) => id === "guilty")) throw new Error("a bad item");
    return items;
  });
  const promises = ["1", "guilty", "2"].map((id) => batcher.book(item("a", id)));
  open();
  expect(await answersOf(promises)).toEqual([{ id: "1" }, "a bad item", { id: "2" }]);
  expect(batches).toEqual([["1", "guilty", "2"], ["1"], ["guilty"], ["2"]]);
});

test("where the server is away all hear it at once, and the lane goes on", async () => {
  let isAway = true;
  const { batcher, batches, open } = openDesk((items) => {
    if (isAway) throw new PawlError("LEDGER_UNAVAILABLE", "away");
    return items;
  });
  const promises = ["1", "2"].map((id) => batcher.book(item("a", id)));
  open();
  expect(await answersOf(promises)).toEqual(["away", "away"]);
  isAway = false;
  expect(await batcher.book(item("a", "1"))).toEqual({ id: "1" });
  expect(batches).toEqual([["1", "2"], ["1"]]);
});

test("whoever comes when five thousand wait is refused at once", async () => {
  const { batcher, open } = openDesk();
  const waiting = Array.from({ length: 5000 }, (_, n) => batcher.book(item("a", `${n}`)));
  await expect(batcher.book(item("b", "late"))).rejects.toMatchObject({
    code: "LEDGER_UNAVAILABLE",
  });
  open();
  await Promise.all(waiting);
  expect(await batcher.book(item("b", "late"))).toEqual({ id: "late" });
});
