// How far tools have come becomes rows: the first at once, then the newest of each second.

import { expect, test } from "@jest/globals";
import { createDeltaBuffer } from "../../../src/store/delta-buffer.ts";

const KEY = { executionId: "x", activityId: "3", attempt: 1 };
const T0 = 1_000_000;

const textsIn = (batch: ReturnType<ReturnType<typeof createDeltaBuffer>["take"]>) =>
  batch.rows.map((row) =>
    row.kind === "mark" && row.mark.kind === "progress" ? row.mark.text : "",
  );

test("a thousand a second are the first, and the newest a second later", () => {
  const buffer = createDeltaBuffer(1000);
  const say = (n: number): void => buffer.progress(KEY, { text: `row ${n}`, share: null });
  say(1);
  const first = buffer.take({ last: false, nowMs: T0 });
  expect([textsIn(first), first.isWaiting]).toEqual([["row 1"], false]);
  for (let n = 2; n < 1000; n += 1) say(n);
  const early = buffer.take({ last: false, nowMs: T0 + 500 });
  expect([textsIn(early), early.isWaiting]).toEqual([[], true]);
  const later = buffer.take({ last: false, nowMs: T0 + 1000 });
  expect([textsIn(later), later.isWaiting]).toEqual([["row 999"], false]);
});

test("two tools at once don't wait for one another", () => {
  const buffer = createDeltaBuffer(1000);
  buffer.progress(KEY, { text: "a", share: 0.5 });
  buffer.progress({ ...KEY, activityId: "4" }, { text: "b", share: 1 });
  expect(textsIn(buffer.take({ last: false, nowMs: T0 }))).toEqual(["a", "b"]);
});
