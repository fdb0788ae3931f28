// A4 and A5 of src/domain/shown-arguments.ts: what a person is shown of arguments determines them.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { argsDigest } from "../../../src/domain/args-digest.ts";
import { shownArguments } from "../../../src/domain/shown-arguments.ts";
import { readShown } from "../../support/read-shown.ts";
import { isAtLeast, propertyRuns } from "../../support/tier.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  // Whole paragraphs, and what looks like our own lines.
  fc
    .array(
      fc.constantFrom(
        ...[
          "a",
          " ",
          "\n",
          "\t",
          "\r\n",
          "\u202e",
          "\u200b",
          "\ud800",
          "\udc00",
          "⟦",
          "⟧",
          "⇥",
          "│ ",
        ],
        ...["┆ ", "+ ", '"', "\\", "\\n", "⟦U+202E⟧", "path = ", "x: text, 2 lines", "語", "👩‍🚀"],
        ...["\u0301", "\u{e0041}", "\u00a0", "U+0041", "(no arguments)", "    ", "[1] = 2"],
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join("")),
);
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 9, depthSize: "small" },
    fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(text, tie("value"), { maxKeys: 4 }),
  ),
})).value;
const columns = fc.integer({ min: 1, max: 200 });
/** As arguments come: out of JSON. */
const args = fc
  .oneof(
    fc.dictionary(text, value, { maxKeys: 5 }),
    fc.record({ path: text, find: text, replace: text }),
    value,
  )
  .map(asJson);
const LARGE = isAtLeast("full") ? 2 ** 20 : 2 ** 17;
const RUNS = { numRuns: propertyRuns(1000, 150) };

function asJson(input: unknown): unknown {
  return JSON.parse(JSON.stringify(input) ?? "null");
}

describe("what is shown of arguments", () => {
  test("A4: can be read back into them, whatever they are and however wide the place", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("write_file", "edit_file", "send"),
        args,
        columns,
        (tool, input, width) => {
          const read = readShown(shownArguments(tool, input, width));
          expect(JSON.stringify(read)).toBe(JSON.stringify(input));
          expect(argsDigest(read)).toBe(argsDigest(input));
        },
      ),
      RUNS,
    );
  });

  test("A4: differs where the digest does, by one character too", () => {
    fc.assert(
      fc.property(
        text,
        fc.nat(),
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
        columns,
        (before, place, more, width) => {
          const at = place % (before.length + 1);
          const after = before.slice(0, at) + more + before.slice(at);
          const [one, other] = [before, after].map((content) => ({ content }));
          expect(argsDigest(one) === argsDigest(other)).toBe(
            shownArguments("send", one, width).join("\n") ===
              shownArguments("send", other, width).join("\n"),
          );
        },
      ),
      RUNS,
    );
  });

  test("A5: has no row of a text outside of its margin, and nothing that hides, moves or controls", () => {
    fc.assert(
      fc.property(text, columns, (content, width) => {
        const [, ...rows] = shownArguments("send", { c: `${content}"` }, width);
        for (const row of rows) expect(row).toMatch(/^ {2}[│┆] /);
        const all = rows.join("");
        expect(all).not.toMatch(/[^\P{C}\t]|[\p{Zl}\p{Zp}]|(?! )\p{Zs}/u);
        expect(all).not.toMatch(
          /\u034f|[\u115f\u1160\u17b4\u17b5\u3164\uffa0]|\p{Variation_Selector}/u,
        );
      }),
      RUNS,
    );
  });

  test("A4: of a megabyte is all of it, of whatever it is made", () => {
    const units = [
      "x",
      "\n",
      "\u0000",
      "\u202e\u200b",
      " \n",
      "語\t",
      "\ud800a",
      "[[",
      '"\\',
      "👩‍🚀",
    ];
    for (const unit of units) {
      const input = { path: "a.txt", content: unit.repeat(Math.ceil(LARGE / unit.length)) };
      const rows = shownArguments("write_file", input);
      expect(readShown(rows)).toEqual(input);
    }
    const many = { list: Array.from({ length: 50_000 }, (_, n) => n) };
    expect(readShown(shownArguments("send", many))).toEqual(many);
  });

  test("reads as the text that it is: lines of a file new, words as they are, and fields by name", () => {
    const input = {
      path: "deploy.sh",
      content: '#!/bin/sh\nset -e\necho "hi"  \n',
      mode: 493,
      options: { dryRun: false, tags: ["a", 'b"c'], none: {} },
      "odd key\u202e": null,
    };
    expect(shownArguments("write_file", input)).toEqual([
      'path = "deploy.sh"',
      "content: text, 4 lines",
      "  + #!/bin/sh",
      "  + set -e",
      '  + echo "hi"⟦U+0020 ×2⟧',
      "  + ",
      "mode = 493",
      "options: 3 fields",
      "  dryRun = false",
      "  tags: list of 2",
      '    [1] = "a"',
      "    [2]: text, 1 line",
      '      │ b"c',
      "  none = {}",
      '"odd key⟦U+202E⟧" = null',
    ]);
    expect(shownArguments("nothing", {})).toEqual(["(no arguments)"]);
  });

  test("of an edit is a diff: what goes above what comes, a word too, and that nothing comes", () => {
    const input = { path: "a.txt", find: "one", replace: "- two\n+ three" };
    expect(shownArguments("edit_file", input)).toEqual([
      'path = "a.txt"',
      "find: text, 1 line",
      "  - one",
      "replace: text, 2 lines",
      "  + - two",
      "  + + three",
    ]);
    expect(shownArguments("edit_file", { ...input, replace: "" }).at(-1)).toBe('replace = ""');
  });

  test("is cut into rows of the width of the terminal, and each says what it goes on with", () => {
    const command = `echo ${"a".repeat(60)}; rm -rf /srv`;
    expect(shownArguments("shell", { command }, 44)).toEqual([
      "command: text, 1 line",
      `  │ echo ${"a".repeat(35)}`,
      `  ┆ ${"a".repeat(25)}; rm -rf /srv`,
    ]);
  });
});
