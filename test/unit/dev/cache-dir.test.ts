// Case 20: where what was fetched once is kept, for who has a home and for who has none that could be used. What a
// process without any home is told: test/integration/no-home.test.ts.

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheDir } from "../../../src/dev/cache-dir.ts";

const SPARE = "/state";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-home-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("who has a home, or says where the cache is, keeps it there", () => {
  expect(cacheDir({ HOME: dir }, SPARE)).toBe(join(dir, ".cache", "pawl"));
  expect(cacheDir({ HOME: join(dir, "to", "come") }, SPARE)).toBe(
    join(dir, "to", "come", ".cache", "pawl"),
  );
  expect(cacheDir({ HOME: "/dev/null", XDG_CACHE_HOME: dir }, SPARE)).toBe(join(dir, "pawl"));
});

describe("a home in which nothing can be made is none, and the state folder is taken:", () => {
  test.each<[string, () => NodeJS.ProcessEnv]>([
    ["a device, as service users have it", () => ({ HOME: "/dev/null" })],
    [
      "a program",
      () => {
        writeFileSync(join(dir, "shell"), "", { mode: 0o755 });
        return { HOME: join(dir, "shell") };
      },
    ],
    [
      "one whose .cache is a file",
      () => {
        writeFileSync(join(dir, ".cache"), "", { mode: 0o755 });
        return { HOME: dir };
      },
    ],
    [
      "one whose .cache leads nowhere",
      () => {
        symlinkSync(join(dir, "gone"), join(dir, ".cache"));
        return { HOME: dir };
      },
    ],
    ["and no cache either", () => ({ HOME: dir, XDG_CACHE_HOME: "/dev/null" })],
  ])("%s", (_, env) => {
    expect(cacheDir(env(), SPARE)).toBe(join(SPARE, "cache"));
  });
});
