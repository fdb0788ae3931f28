// Output that a tool writes piece by piece.

import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTool } from "../../../activities/tools/define-tool.ts";
import { OutputStream } from "../../../activities/tools/output-stream.ts";
import { withPreface, withReadOn } from "../../../activities/tools/tool-output.ts";
import { scrubbing } from "../../../src/domain/scrub.ts";
import { contextFor } from "./support.ts";

function kept(failsAt = Infinity) {
  const store = {
    ref: "ref",
    text: "",
    isClosed: false,
    appends: 0,
    losses: 0,
    append: async (text: string) => {
      store.appends += 1;
      if (store.appends >= failsAt) throw new Error("the disk is full");
      store.text += text;
    },
    close: async () => {
      store.isClosed = true;
    },
  };
  return { store, open: () => new OutputStream(store, () => void (store.losses += 1)) };
}

async function run(pieces: readonly string[], { open }: ReturnType<typeof kept>) {
  const tool = defineTool({
    name: "dump",
    description: "Dumps.",
    input: z.object({}),
    permission: "read",
    effect: "pure",
    async execute(_, { openOutput }) {
      const output = openOutput();
      for (const piece of pieces) await output.write(piece);
      return output;
    },
  });
  return await tool.run({}, contextFor({ openOutput: open }));
}

const lines = (count: number): string[] => Array.from({ length: count }, (_, n) => `line ${n}\n`);

test("what is short is told whole, and nothing of it is kept", async () => {
  const where = kept();
  expect(await run(["a", "b", "c"], where)).toEqual({ text: "abc", isError: false });
  expect(where.store.isClosed).toBe(false);
  expect(await run([], kept())).toEqual({ text: "(no output)", isError: false });
});

test("of what is long the model sees the beginning, and reads on where that ends", async () => {
  const where = kept();
  const pieces = lines(200_000);
  const all = pieces.join("");
  const output = await run(pieces, where);
  expect(where.store).toMatchObject({ isClosed: true, text: all });
  const text = withReadOn(output, output.keptAs ?? "");
  expect(text).toContain(`${all.length} bytes in all; read_result {"id":"ref"`);
  const offset = Number(/"offset":(\d+)/.exec(text)?.[1]);
  expect(text.slice(0, offset)).toBe(all.slice(0, offset));
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64 * 1024);
  const edited = withReadOn(withPreface(output, "[edited]"), "ref");
  const next = Number(/"offset":(\d+)/.exec(edited)?.[1]);
  expect(edited.slice(0, next + 9)).toBe(`[edited]\n${all.slice(0, next)}`);
});

describe("X7: what is kept is what would have been shown", () => {
  test("without a secret that lies across pieces, wherever they are cut", async () => {
    const secret = "sk-very-secret-123";
    const scrub = scrubbing([secret]);
    const text = `${"x".repeat(20_000)}${secret}${"y".repeat(20_000)}${secret}`;
    for (const size of [1, 7, 8191, 20_010]) {
      const { store } = kept();
      const output = new OutputStream(store, () => undefined).through(scrub);
      for (let at = 0; at < text.length; at += size) await output.write(text.slice(at, at + size));
      const { head } = await output.finish();
      expect(head).toBe(scrub(text));
      expect(store.text).toBe(scrub(text));
    }
  });

  test("with characters and ends of lines that lie across pieces as they are, and controls spelled out", async () => {
    const { store } = kept();
    const output = new OutputStream(store, () => undefined);
    for (const unit of "a😀b\r\nc\u001bd".split("")) await output.write(unit);
    expect((await output.finish()).head).toBe(String.raw`a😀b` + "\r\n" + String.raw`c\u001bd`);
  });
});

test("where the store fails the model is told the beginning, and that the rest is gone", async () => {
  const where = kept(3);
  const output = await run(lines(200_000), where);
  expect(where.store.losses).toBe(1);
  expect(output).not.toHaveProperty("keptAs");
  expect(output.text).toMatch(/bytes in all; the rest was not kept\]$/);
});
