// What each source file imports, as paths of this repository or names of packages. Read from the text, which
// prettier has laid out; specifiers are followed to the file that they mean.

import { existsSync } from "node:fs";
import { posix } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { repositoryFiles } from "./repository.ts";

/** `lazy`: by `import()`, when it is needed. */
export type ImportKind = "value" | "type" | "lazy";

export interface Import {
  readonly from: string;
  /** A path in the repository, the name of a package, or `node:`. */
  readonly to: string;
  readonly kind: ImportKind;
}

export interface Source {
  readonly path: string;
  readonly text: string;
}

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[^;"']*?\sfrom\s+)?["']([^"'\n]+)["'];?$/gm;
const LAZY = /\bimport\(\s*["']([^"'\n]+)["']\s*,?\s*\)/g;

/** All that is built, run or copied by people; tests are free. */
export function sources(): readonly Source[] {
  return repositoryFiles().filter(
    ({ path }) => /\.m?[jt]s$/.test(path) && !/^test\/|\.d\.ts$|^[^/]+$/.test(path),
  );
}

/** Throws where a relative import leads nowhere. */
export function importsOf(all: readonly Source[]): readonly Import[] {
  return all.flatMap(({ path: from, text }) => {
    const found = (specifier: string, kind: ImportKind): Import => {
      return { from, to: targetOf(from, specifier), kind };
    };
    return [
      ...Array.from(text.matchAll(STATEMENT), ([, type, specifier = ""]) =>
        found(specifier, type === undefined ? "value" : "type"),
      ),
      ...Array.from(text.matchAll(LAZY), ([, specifier = ""]) => found(specifier, "lazy")),
    ];
  });
}

function targetOf(from: string, specifier: string): string {
  if (specifier.startsWith("node:")) return "node:";
  if (!specifier.startsWith(".")) {
    const [scope = "", name = ""] = specifier.split("/");
    return scope.startsWith("@") ? `${scope}/${name}` : scope;
  }
  const path = posix.join(posix.dirname(from), specifier);
  const meant = [path, path.replace(/\.js$/, ".ts"), path.replace(/\.js$/, ".d.ts")];
  const target = meant.find((name) => existsSync(packageFile(name)));
  if (target === undefined) throw new Error(`${from} imports ${specifier}, which is no source`);
  return target;
}

/** Files that import each other, over however many others; type imports count. */
export function circlesIn(imports: readonly Import[]): readonly (readonly string[])[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of imports) next.set(from, (next.get(from) ?? new Set()).add(to));
  const reach = new Map<string, ReadonlySet<string>>();
  for (const file of next.keys()) reach.set(file, reachableFrom(file, next));
  const circleOf = (file: string): readonly string[] =>
    [...(reach.get(file) ?? [])].filter((other) => reach.get(other)?.has(file)).toSorted();
  const circles = [...next.keys()].filter((file) => reach.get(file)?.has(file)).map(circleOf);
  return [...new Map(circles.map((circle) => [circle.join(" "), circle])).values()];
}

function reachableFrom(file: string, next: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const seen = new Set<string>();
  const open = [...(next.get(file) ?? [])];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...(next.get(at) ?? []));
  }
  return seen;
}
