import { describe, expect, test } from "@jest/globals";
import {
  LineWriter,
  type LinePlace,
  type LineWriterTerms,
  type LostLines,
} from "../../../src/telemetry/line-writer.ts";
import { until } from "../../support/processes.ts";

/** A disk with so much room, or a pipe whose reader is asleep. */
class SmallPlace implements LinePlace {
  text = "";
  room = 1_000_000;
  code = "ENOSPC";
  opened = 1;
  /** What opening it again says. */
  refusal: string | null = null;

  write(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, this.room);
    if (taken.length === 0) throw trouble(this.code);
    this.text += Buffer.from(taken).toString();
    this.room -= taken.length;
    return taken.length;
  }
  size(): number {
    return this.text.length;
  }
  isMidLine(): boolean {
    return this.text !== "" && !this.text.endsWith("\n");
  }
  mend(code: string): boolean {
    if (code === "ENOSPC") return false;
    this.reopen();
    return true;
  }
  reopen(): void {
    if (this.refusal !== null) throw trouble(this.refusal);
    this.opened += 1;
  }
  get lines(): readonly string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

function trouble(code: string): Error {
  return Object.assign(new Error(`${code}: it is so`), { code });
}

interface Scene {
  readonly place: SmallPlace;
  readonly writer: LineWriter;
  readonly complaints: LostLines[];
}

function scene(place = new SmallPlace(), terms: Partial<LineWriterTerms> = {}): Scene {
  const complaints: LostLines[] = [];
  const writer = new LineWriter(place, {
    tell: ({ lines }) => `${lines} lost\n`,
    complain: (_why, lost) => complaints.push(lost),
    againMs: 5,
    ...terms,
  });
  return { place, writer, complaints };
}

const KEPT = { kind: "kept" };
const again = ({ writer }: Scene) =>
  until("it is written again", () => writer.state.kind === "kept");

describe("a place that refuses a line", () => {
  test.each(["ENOSPC", "EIO", "EPIPE", "EBADF", "EDQUOT", "EFBIG", "ESTALE", "EWHATEVER"])(
    "Y2: with %s: whoever logs hears nothing, and the log says later what is missing",
    async (code) => {
      const it = scene();
      it.writer.write("one\n");
      Object.assign(it.place, { room: 0, code });
      for (const line of ["two\n", "three\n", "four\n"]) it.writer.write(line);
      expect(it.writer.state).toMatchObject({ kind: "losing", lines: 3 });
      it.place.room = 1000;
      await again(it);
      it.writer.write("five\n");
      expect(it.place.lines).toEqual(["one", "3 lost", "five"]);
      expect(it.writer.state).toEqual(KEPT);
    },
  );

  test("Y2: with no error at all", () => {
    const place = Object.assign(new SmallPlace(), {
      write: () => {
        // oxlint-disable-next-line typescript/only-throw-error -- whatever comes
        throw "no";
      },
    });
    const { writer } = scene(place);
    writer.write("one\n");
    expect(writer.state).toMatchObject({ kind: "losing", why: "no" });
  });

  test("is opened again where that may help, as often as it takes", async () => {
    const it = scene();
    Object.assign(it.place, { room: 0, code: "ESTALE", refusal: "EIO" });
    it.writer.write("one\n");
    await until(
      "opening it has failed",
      () => it.writer.state.kind === "losing" && it.writer.state.why.includes("fails"),
    );
    Object.assign(it.place, { room: 1000, refusal: null });
    await again(it);
    expect(it.place.opened).toBe(2);
  });

  test("is told of once a minute to somebody else, with how many are lost by then", () => {
    const { place, writer, complaints } = scene();
    place.room = 0;
    for (let n = 0; n < 50; n += 1) writer.write("line\n");
    expect(complaints).toMatchObject([{ lines: 1 }]);
    const often = scene(new SmallPlace(), { complainEveryMs: 0 });
    often.place.room = 0;
    for (let n = 0; n < 3; n += 1) often.writer.write("line\n");
    expect(often.complaints).toMatchObject([{ lines: 1 }, { lines: 2 }, { lines: 3 }]);
  });

  test("says between which moments lines are missing", () => {
    const { place, writer } = scene();
    place.room = 0;
    const before = new Date().toISOString();
    for (let n = 0; n < 2; n += 1) writer.write("line\n");
    const { state } = writer;
    if (state.kind !== "losing") throw new Error("it loses nothing");
    const moments = [before, state.from, state.until, new Date().toISOString()];
    expect(moments).toEqual(moments.toSorted());
  });
});

describe("a line that was written in half", () => {
  test("is completed when there is room again, so that each line is whole", async () => {
    const it = scene();
    it.place.room = 4;
    it.writer.write("abcdefgh\n");
    it.writer.write("lost\n");
    expect(it.place.text).toBe("abcd");
    it.place.room = 1000;
    await again(it);
    expect(it.place.lines).toEqual(["abcdefgh", "1 lost"]);
  });

  test("is given up where others wrote behind it: theirs may be spoilt, and none of ours", async () => {
    const it = scene();
    it.place.room = 4;
    it.writer.write("abcdefgh\n");
    it.place.text += "{theirs";
    it.place.room = 1000;
    await again(it);
    it.writer.write("next\n");
    expect(it.place.lines).toEqual(["abcd{theirs", "1 lost", "next"]);
  });

  test("is given up where the file was emptied, as copytruncate does", async () => {
    const it = scene();
    it.place.room = 4;
    it.writer.write("abcdefgh\n");
    Object.assign(it.place, { text: "", room: 1000 });
    await again(it);
    expect(it.place.lines).toEqual(["1 lost"]);
  });

  test("by a process that is gone stands alone", () => {
    const place = new SmallPlace();
    place.text = '{"half';
    const { writer } = scene(place);
    writer.write("whole\n");
    expect(place.lines).toEqual(['{"half', "whole"]);
  });

  test("does not go on in another file", () => {
    const { place, writer } = scene();
    place.room = 4;
    writer.write("abcdefgh\n");
    // Renamed, and opened by its name.
    Object.assign(place, { text: "", room: 1000 });
    writer.reopen();
    writer.write("next\n");
    expect(place.lines).toEqual(["1 lost", "next"]);
  });
});

describe("a reader that is slow", () => {
  const asleep = (): SmallPlace => Object.assign(new SmallPlace(), { room: 0, code: "EAGAIN" });

  test("gets every line, late, where it wakes up in time", async () => {
    const it = scene(asleep());
    for (const line of ["one\n", "two\n"]) it.writer.write(line);
    expect(it.writer.state).toEqual(KEPT);
    it.place.room = 1000;
    await until("both are there", () => it.place.lines.length === 2);
    expect(it.place.lines).toEqual(["one", "two"]);
  });

  test("Y2: costs no more memory than the bound, and misses one stretch of lines", async () => {
    const it = scene(asleep(), { queuedBytesMax: 20 });
    for (let n = 0; n < 1000; n += 1) it.writer.write(`${n}\n`);
    expect(it.writer.state).toMatchObject({ kind: "losing", why: "its reader is too slow" });
    it.place.room = 1_000_000;
    await again(it);
    expect(it.place.lines).toEqual([...Array.from({ length: 10 }, (_, n) => `${n}`), "990 lost"]);
  });

  test("gets a line that is longer than the bound", () => {
    const { place, writer } = scene(new SmallPlace(), { queuedBytesMax: 4 });
    writer.write("a long line\n");
    expect(place.lines).toEqual(["a long line"]);
  });

  test("that takes a line in pieces gets it once", async () => {
    const it = scene(Object.assign(asleep(), { room: 3 }));
    it.writer.write("abcdefgh\n");
    it.place.room = 1000;
    await until("it is there", () => it.place.lines.length === 1);
    expect(it.place.lines).toEqual(["abcdefgh"]);
  });
});
