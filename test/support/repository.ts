// The repository as git knows it: what is tracked or about to be, and never what is built or ignored.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { packageFile } from "../../src/package-root.ts";

export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

export function repositoryFiles(): readonly RepositoryFile[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", args, { cwd: packageFile(""), encoding: "utf8" });
  const paths = listed.split("\n").filter((path) => path !== "" && existsSync(packageFile(path)));
  return paths.map((path) => {
    const text = readFileSync(packageFile(path), "utf8");
    return { path, text, lines: text.replace(/\n$/, "").split("\n") };
  });
}

/** Files that people write and read; data, locks and the licence are neither. */
export function isProse(path: string): boolean {
  return /\.(ts|js|mjs|sql|md|sh|ya?ml)$|^\.ci\/|Dockerfile/.test(path);
}

export function isCode(path: string): boolean {
  return path.endsWith(".ts");
}
