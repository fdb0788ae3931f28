import { describe, expect, test } from "@jest/globals";
import { createDeltaFeed } from "../../../src/client/delta-feed.ts";
import type { DeltaQuery, DeltaReader, DeltaRow } from "../../../src/store/deltas.ts";
import { until } from "../../support/processes.ts";

const rowOf = (executionId: string, seq: number): DeltaRow => ({
  executionId,
  activityId: "7",
  attempt: 1,
  seq,
  kind: "text",
  offset: seq - 1,
  text: "x",
});

function createTable() {
  const reads: (readonly DeltaQuery[])[] = [];
  const rows: DeltaRow[] = [];
  let failures = 0;
  const reader: DeltaReader = {
    read: async () => [],
    async readMany(queries) {
      reads.push(queries);
      if (failures > 0) {
        failures -= 1;
        throw new Error("the database is away");
      }
      return rows.filter((row) =>
        queries.some(
          ({ executionId, after }) => row.executionId === executionId && row.seq > after.seq,
        ),
      );
    },
  };
  return { reads, rows, reader, fail: (times: number) => (failures = times) };
}

const seqs = (rows: readonly DeltaRow[] | null): readonly number[] =>
  (rows ?? []).map(({ seq }) => seq);

describe("the feed of deltas", () => {
  test("S2: reads for all who wait with one statement, and gives each what it lacks", async () => {
    const { reads, rows, reader } = createTable();
    const feed = createDeltaFeed(reader);
    const [a, b] = [feed.follow("a"), feed.follow("b")];
    rows.push(rowOf("a", 1));
    const first = await a.rows(["7"]);
    expect(seqs(first)).toEqual([1]);
    a.taken(first ?? []);
    const late = feed.follow("a");
    const lateRows = await late.rows(["7"]);
    expect(seqs(lateRows)).toEqual([1]);
    const waiting = [a.rows(["7"]), b.rows(["7"])];
    await until("both are asked for at once", () => reads.at(-1)?.length === 2);
    rows.push(rowOf("a", 2), rowOf("b", 1));
    expect(seqs((await waiting[0]) ?? null)).toEqual([2]);
    expect(seqs((await waiting[1]) ?? null)).toEqual([1]);
  });

  test("what has arrived is kept until it is taken", async () => {
    const { rows, reader } = createTable();
    const follower = createDeltaFeed(reader).follow("a");
    rows.push(rowOf("a", 1));
    const arrived = follower.rows(["7"]);
    await arrived;
    expect(follower.rows([])).toBe(arrived);
    follower.taken((await arrived) ?? []);
    expect(follower.rows([])).toBeNull();
  });

  test("does not read while nothing is in flight, nor for who has left", async () => {
    const { reads, reader } = createTable();
    const feed = createDeltaFeed(reader);
    const follower = feed.follow("a");
    expect(follower.rows([])).toBeNull();
    expect(reads).toEqual([]);
    void follower.rows(["7"]);
    await until("it reads", () => reads.length > 2);
    follower.close();
    const other = feed.follow("b");
    void other.rows(["7"]);
    await until("it reads for the other alone", () =>
      reads.at(-1)?.every(({ executionId }) => executionId === "b"),
    );
    other.close();
  });

  test("reads more often for who waits for a first word than for who has one", async () => {
    const { reads, reader } = createTable();
    const feed = createDeltaFeed(reader);
    const [waiting, reading] = [feed.follow("waiting"), feed.follow("reading")];
    void waiting.rows(["7"], true);
    void reading.rows(["7"]);
    const readsFor = (name: string): number =>
      reads.filter((queries) => queries.some(({ executionId }) => executionId === name)).length;
    // They are as many where nobody is in a hurry; a machine under load may make few.
    await until("the one is read for more", () => {
      return readsFor("waiting") > 2 * readsFor("reading") + 4;
    });
    const before = readsFor("waiting");
    void waiting.rows(["7"], false);
    await until("both are in step", () => readsFor("waiting") > before + 3);
    expect(reads.slice(-3).every((queries) => queries.length === 2)).toBe(true);
    waiting.close();
    reading.close();
  });

  test("goes on when the database is back", async () => {
    const { rows, reader, fail } = createTable();
    fail(1);
    const follower = createDeltaFeed(reader).follow("a");
    rows.push(rowOf("a", 1));
    expect(seqs(await follower.rows(["7"]))).toEqual([1]);
    follower.close();
  });
});
