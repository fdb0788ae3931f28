// The modules of a user's: which files an import leads to, and what is in them. A module is known by the digest of
// its own text and of all that it imports by a path, so one that has not changed is not loaded again, and keeps
// what it holds (connections, caches); one that has changed is a new module.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { packageFile } from "../package-root.ts";

const TYPESCRIPT: readonly string[] = [".ts", ".mts"];
const MODULES: readonly string[] = [...TYPESCRIPT, ".js", ".mjs"];
const FILES_MAX = 1000;
const MARK = "pawl";

/** The sources and the build of this package are no user's. */
const OURS = ["dist", "src", "activities", "workflows"].map((name) => `${packageFile(name)}${sep}`);

export function isTypeScript(path: string): boolean {
  return TYPESCRIPT.includes(extname(path));
}

/** True of files that are loaded as modules of the user's: packages are loaded as Node does. */
export function isOwnModule(path: string): boolean {
  if (!MODULES.includes(extname(path)) || path.endsWith(".d.ts")) return false;
  return !path.includes(`${sep}node_modules${sep}`) && !OURS.some((ours) => path.startsWith(ours));
}

/** Of a file as it is now. `nonce` for one that could not be loaded as it was, for reasons outside it. */
export function moduleUrl(path: string, nonce = 0): string {
  const url = pathToFileURL(path);
  url.searchParams.set(MARK, `${digestOf(moduleFiles(path))}${nonce === 0 ? "" : `.${nonce}`}`);
  return url.href;
}

/** Null of what is not loaded by `moduleUrl`, or by one that is. */
export function pathOfModule(url: string): string | null {
  if (!url.startsWith("file:") || !url.includes(`?${MARK}=`)) return null;
  return fileURLToPath(url.slice(0, url.indexOf("?")));
}

/** Texts by path: the file and all that it imports by a path, as far as they are there. */
export function moduleFiles(path: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const open = [path];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (texts.has(next) || texts.size >= FILES_MAX) continue;
    const text = textOf(next);
    if (text === null) continue;
    texts.set(next, text);
    if (isOwnModule(next)) open.push(...importsIn(text, next));
  }
  return texts;
}

/** The file that a relative import means, as TypeScript reads it: `./db.js` may be `./db.ts`. */
export function fileMeant(specifier: string, from: string): string | null {
  const path = join(dirname(from), specifier);
  const stem = path.replace(/\.m?js$/, "");
  const candidates = [
    path,
    ...(stem === path ? [] : [`${stem}.ts`, `${stem}.mts`]),
    ...MODULES.map((extension) => `${path}${extension}`),
    ...MODULES.map((extension) => join(path, `index${extension}`)),
  ];
  return candidates.find((file) => existsSync(file) && statSync(file).isFile()) ?? null;
}

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

function importsIn(text: string, from: string): readonly string[] {
  return [...text.matchAll(IMPORT)]
    .map(([, specifier = ""]) => fileMeant(specifier, from))
    .filter((file) => file !== null);
}

function digestOf(texts: ReadonlyMap<string, string>): string {
  const digest = createHash("sha256");
  for (const [path, text] of [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    digest.update(JSON.stringify([path, text]));
  }
  return digest.digest("hex").slice(0, 16);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
