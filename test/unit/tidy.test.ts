import { describe, expect, test } from "@jest/globals";
import { isCode, isProse, repositoryFiles } from "../support/repository.ts";

const LINES_MAX = 400;
const MEDIAN_LINES_MAX = 120;

const files = repositoryFiles();
const prose = files.filter(({ path }) => isProse(path));
const code = files.filter(({ path }) => isCode(path));
const tests = code.filter(({ path }) => path.endsWith(".test.ts"));

/** `path:line` of each line that matches; this file is full of what it looks for. */
function hits(where: typeof files, pattern: RegExp): string[] {
  return where
    .filter(({ path }) => path !== "test/unit/tidy.test.ts")
    .flatMap(({ path, lines }) =>
      lines.flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
    );
}

describe("files are small", () => {
  test(`none has more than ${LINES_MAX} lines`, () => {
    const long = prose.filter(({ lines }) => lines.length > LINES_MAX);
    expect(long.map(({ path, lines }) => `${path}: ${lines.length}`)).toEqual([]);
  });

  test(`half of them have at most ${MEDIAN_LINES_MAX}`, () => {
    const lengths = code.map(({ lines }) => lines.length).toSorted((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(MEDIAN_LINES_MAX);
  });

  test("none is a drawer for odds and ends", () => {
    const drawers = files.filter(({ path }) => /(^|[/-])(utils?|helpers?|misc)[./]/.test(path));
    expect(drawers.map(({ path }) => path)).toEqual([]);
  });

  test("names are in kebab-case", () => {
    const odd = code.filter(({ path }) => !/^([a-z0-9]+([-.][a-z0-9]+)*\/?)+$/.test(path));
    expect(odd.map(({ path }) => path)).toEqual([]);
  });
});

describe("what nobody should find", () => {
  test("a path of one machine; a container's own paths are no such thing", () => {
    const outside = prose.filter(({ path }) => !/docker|Dockerfile/.test(path));
    expect(hits(outside, /(^|[\s"'`=(:])\/(work|root|home|tmp|Users)\//)).toEqual([]);
  });

  test.each<[string, RegExp]>([
    [
      "a call that Node 20 does not know",
      /\b(Object|Map)\.groupBy\(|\bPromise\.(withResolvers|try)\(|\bArray\.fromAsync\(/,
    ],
    ["a note to do it later", /\b(TODO|FIXME|XXX|HACK)\b/],
    ["the mark of a merge", /^(<{7}|>{7}|={7})( |$)/],
    ["something like a live key", /sk-ant-[a-zA-Z0-9]|AKIA[A-Z0-9]{16}|-----BEGIN [A-Z ]*KEY/],
  ])("%s", (_, pattern) => {
    expect(hits(prose, pattern)).toEqual([]);
  });
});

describe("tests", () => {
  test.each<[string, RegExp]>([
    [
      "are all run: none is focused, skipped or left for later",
      /\b(fit|fdescribe|xit|xdescribe|xtest)\(|\.(only|skip|todo)\b[.(]/,
    ],
    ["mock no module", /\bjest\.(mock|doMock|unstable_mockModule)\(/],
  ])("%s", (_, pattern) => {
    expect(hits(tests, pattern)).toEqual([]);
  });

  test("take their words from @jest/globals", () => {
    const without = tests.filter(({ text }) => !text.includes('from "@jest/globals"'));
    expect(without.map(({ path }) => path)).toEqual([]);
  });
});

test("every file says in its first lines what it holds", () => {
  const silent = code.filter(
    ({ path, lines }) => !path.startsWith("test/unit/") && !/^(\/\/|\/\*)/.test(lines[0] ?? ""),
  );
  const ideas = silent.filter(({ path }) => !path.endsWith(".test.ts"));
  expect(ideas.map(({ path }) => path)).toEqual([]);
});
