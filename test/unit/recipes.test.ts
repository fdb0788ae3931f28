// The recipes of ARCHITECTURE.md are real diffs: each must still apply, and stay as small as it promises.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { packageFile } from "../../src/package-root.ts";

const FILES_MAX = 4;
const RECIPES = ["limit", "tool", "purpose", "gate-rule", "event"];

const map = readFileSync(packageFile("ARCHITECTURE.md"), "utf8");
const recipeText = (name: string): string =>
  readFileSync(packageFile(`docs/recipes/${name}.diff`), "utf8");

function hasGit(): boolean {
  try {
    execFileSync("git", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const isGitHere = hasGit();
const applying = isGitHere ? test : test.skip;

test("there is one for each thing that comes again and again, and the map names it", () => {
  const found = readdirSync(packageFile("docs/recipes")).toSorted();
  expect(found).toEqual(RECIPES.map((name) => `${name}.diff`).toSorted());
  for (const name of RECIPES) expect(map).toContain(`docs/recipes/${name}.diff`);
});

describe.each(RECIPES)("the recipe %s", (name) => {
  test("says in two lines what it adds and where", () => {
    const [what = "", where = "", diff = ""] = recipeText(name).split("\n");
    expect(what).toMatch(/^A new .*\.$/);
    expect(where).toMatch(/^\w.*\.$/);
    expect(diff).toMatch(/^diff --git /);
  });

  test(`touches at most ${FILES_MAX} files besides tests`, () => {
    const paths = Array.from(
      recipeText(name).matchAll(/^diff --git a\/(\S+) b\//gm),
      ([, path = ""]) => path,
    );
    const sources = paths.filter((path) => !path.startsWith("test/"));
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.length).toBeLessThanOrEqual(FILES_MAX);
  });

  applying(isGitHere ? "still applies" : "still applies: skipped, there is no git", () => {
    const args = ["apply", "--check", `docs/recipes/${name}.diff`];
    const apply = (): void => {
      execFileSync("git", args, { cwd: packageFile(""), encoding: "utf8", stdio: "pipe" });
    };
    expect(apply).not.toThrow();
  });
});
