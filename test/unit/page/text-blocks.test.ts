import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { appendText, BLOCK_CHARS } from "../../../src/gateway/page/text-blocks.ts";

describe("blocks of a text", () => {
  const unit = fc.string({ unit: "binary", maxLength: 3000 });

  test("joined are the text, however it came, and no pair is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(unit, fc.constant("👩‍🚀".repeat(900)))), (parts) => {
        const blocks: string[] = [];
        for (const part of parts) appendText(blocks, part.toWellFormed());
        expect(blocks.join("")).toBe(parts.map((part) => part.toWellFormed()).join(""));
        expect(blocks.every((block) => block.length <= BLOCK_CHARS)).toBe(true);
        expect(blocks.every((block) => block.isWellFormed())).toBe(true);
      }),
    );
  });

  test("end at the end of a line where there is one", () => {
    const blocks: string[] = [];
    appendText(blocks, `${"a".repeat(4000)}\n${"b".repeat(4000)}`);
    expect(blocks.map((block) => block.length)).toEqual([4001, 4000]);
  });
});
