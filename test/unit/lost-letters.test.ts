// Case 14: files that are read for their words are refused where they are not UTF-8, by name and line. Those of a
// project are in project/mistakes.test.ts, `.env` and `.mcp.json` beside what else is wrong with them.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { readConfig } from "../../src/config.ts";

const dir = mkdtempSync(join(tmpdir(), "pawl-lost-letters-"));
afterAll(() => rmSync(dir, { recursive: true }));

function latin1(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, Buffer.from(text, "latin1"));
  return path;
}

test("patterns, which would let through what they are to stop", () => {
  const path = latin1("patterns", "fine\nm\u00fcller\n");
  expect(() => readConfig({ PAWL_INPUT_PATTERNS_FILE: path })).toThrow(
    `PAWL_INPUT_PATTERNS_FILE: line 2 of ${path} is not UTF-8`,
  );
});

test("models, which would have other names", () => {
  const path = latin1("models.json", '{\n"models": {"gr\u00f6\u00dfer": {}}}');
  expect(() => readConfig({ PAWL_MODELS_FILE: path })).toThrow(`${path}:2: it is not UTF-8`);
});

test.each(["DATABASE_URL", "PGPASSWORD", "ANTHROPIC_API_KEY", "PAWL_WEBHOOK_SECRET"])(
  "a secret in a file, which would be another one: %s",
  (name) => {
    const path = latin1("secret", "p\u00e4ssw\u00f6rd");
    expect(() => readConfig({ [`${name}_FILE`]: path })).toThrow(
      `${name}_FILE names ${path}, which is not UTF-8.`,
    );
  },
);
