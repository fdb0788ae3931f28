// Finds the package's own files from the sources and from `dist` alike.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Path of a file of this package, e.g. `packageFile("src/corpus/corpus.jsonl")`. */
export function packageFile(relativePath: string): string {
  return join(packageRoot, relativePath);
}

const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  if (existsSync(join(from, "package.json"))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}`);
  return findRoot(parent);
}
