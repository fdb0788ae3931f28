import { expect, test } from "@jest/globals";
import { createDeltaBuffer } from "../../../src/store/delta-buffer.ts";

const key = { executionId: "execution", activityId: "7", attempt: 1 };
const now = { last: false, nowMs: 0 };

test("pieces between two batches become one row", () => {
  const buffer = createDeltaBuffer(1000);
  buffer.text(key, "Hel");
  buffer.text(key, "lo");
  expect(buffer.take(now)).toEqual({
    rows: [{ ...key, seq: 1, kind: "text", offset: 0, text: "Hello" }],
    droppedChars: 0,
    isWaiting: false,
  });
  buffer.text(key, "!");
  expect(buffer.take(now).rows).toEqual([{ ...key, seq: 2, kind: "text", offset: 5, text: "!" }]);
  expect(buffer.take(now).rows).toEqual([]);
});

test("V3: half a surrogate pair waits for its other half", () => {
  const buffer = createDeltaBuffer(1000);
  buffer.text(key, "a\ud83d");
  expect(buffer.take(now).rows).toMatchObject([{ offset: 0, text: "a" }]);
  buffer.text(key, "\udc3eb");
  expect(buffer.take(now).rows).toMatchObject([{ offset: 1, text: "🐾b" }]);
});

test("half a surrogate pair that stays alone is replaced, and keeps its place", () => {
  const buffer = createDeltaBuffer(1000);
  buffer.text(key, "a\ud83d");
  expect(buffer.take({ ...now, last: true }).rows).toMatchObject([{ text: "a\ufffd" }]);
});

test("a mark stands behind the text that came before it", () => {
  const buffer = createDeltaBuffer(1000);
  buffer.mark(key, { kind: "started" });
  buffer.text(key, "abc");
  buffer.mark(key, { kind: "failed", code: "X", message: "m", nextAttemptAt: null });
  expect(buffer.take(now).rows.map((row) => [row.seq, row.kind])).toEqual([
    [1, "mark"],
    [2, "text"],
    [3, "mark"],
  ]);
});

test("V2: a full buffer drops new text and shows it as a gap in the offsets", () => {
  const buffer = createDeltaBuffer(5);
  buffer.text(key, "abc");
  buffer.text(key, "defg");
  buffer.text(key, "hi");
  expect(buffer.take(now)).toMatchObject({
    rows: [
      { seq: 1, offset: 0, text: "abc" },
      { seq: 2, offset: 7, text: "hi" },
    ],
    droppedChars: 4,
  });
});

test("an attempt that was silent for longer than any call is forgotten", () => {
  const buffer = createDeltaBuffer(1000);
  buffer.text(key, "abc");
  buffer.take({ last: false, nowMs: 0 });
  buffer.take({ last: false, nowMs: 30 * 60_000 });
  buffer.text(key, "again");
  expect(buffer.take(now).rows).toMatchObject([{ seq: 1, offset: 0 }]);
});

const writing = (chars: number) => ({ tool: "write_file", chars, charsOfAll: chars });

test("a sign of life becomes a row once a second, the newest of all that came", () => {
  const buffer = createDeltaBuffer(1000);
  const rowsAt = (nowMs: number) => buffer.take({ last: false, nowMs }).rows;
  buffer.writing(key, writing(10));
  expect(rowsAt(0)).toEqual([]);
  buffer.writing(key, writing(700));
  expect(rowsAt(900)).toEqual([]);
  buffer.writing(key, writing(800));
  expect(rowsAt(1000)).toEqual([
    { ...key, seq: 1, kind: "mark", mark: { kind: "writing", writing: writing(800) } },
  ]);
  expect(rowsAt(5000)).toEqual([]);
  buffer.writing(key, writing(900));
  expect(rowsAt(5001)).toMatchObject([{ seq: 2, mark: { writing: writing(900) } }]);
});

test("arguments that are written within a second show none", () => {
  const buffer = createDeltaBuffer(1000);
  buffer.writing(key, writing(10));
  buffer.take(now);
  buffer.mark(key, { kind: "failed", code: "X", message: "m", nextAttemptAt: null });
  expect(buffer.take({ last: true, nowMs: 500 }).rows.map(({ seq }) => seq)).toEqual([1]);
});

test("of an attempt nothing is kept but its name, whatever else its caller knows of it", () => {
  const buffer = createDeltaBuffer(1000);
  const attempt = { ...key, signal: new AbortController().signal, input: "x".repeat(1000) };
  buffer.mark(attempt, { kind: "started" });
  buffer.text(attempt, "abc");
  expect(buffer.take(now).rows).toEqual([
    { ...key, seq: 1, kind: "mark", mark: { kind: "started" } },
    { ...key, seq: 2, kind: "text", offset: 0, text: "abc" },
  ]);
});
