// How Node loads the modules of a user's: TypeScript without a build, and `pawl` as the package that runs, whatever
// is installed beside them, so that there is one `defineTool`. Nothing is changed for modules that are not theirs.
// The rules are here; each Node has its own way to be told of them (`install-hooks.ts`).

import { readFileSync } from "node:fs";
import { pathToFileURL, fileURLToPath } from "node:url";
import { packageFile } from "../package-root.ts";
import { fileMeant, isOwnModule, isTypeScript, moduleUrl, pathOfModule } from "./module-files.ts";
import { stripTypes } from "./strip-types.ts";

const PACKAGE = pathToFileURL(packageFile("package.json")).href;
const ENTRY = pathToFileURL(packageFile("dist/src/library/index.js")).href;

/** Whom to ask for a module: `elsewhere` as if that file imported it. */
export type Asked =
  | { readonly kind: "ours"; readonly url: string }
  | { readonly kind: "elsewhere"; readonly parentURL: string }
  | { readonly kind: "node" };

export function askedOf(specifier: string, parentURL: string | undefined): Asked {
  if (parentURL === undefined || pathOfModule(parentURL) === null) return { kind: "node" };
  if (specifier === "pawl") return { kind: "ours", url: ENTRY };
  return specifier.startsWith("pawl/")
    ? { kind: "elsewhere", parentURL: PACKAGE }
    : { kind: "node" };
}

/** Where Node found nothing; null where there is nothing. */
export function askedNext(specifier: string, parentURL: string | undefined): Asked | null {
  const parent = parentURL === undefined ? null : pathOfModule(parentURL);
  if (parent === null) return null;
  // A tool says its input with it, and a project that has installed nothing has ours.
  if (specifier === "zod") return { kind: "elsewhere", parentURL: PACKAGE };
  const file = specifier.startsWith(".") ? fileMeant(specifier, parent) : null;
  return file === null ? null : { kind: "ours", url: pathToFileURL(file).href };
}

/** What a module of theirs imports is theirs as well. */
export function marked(url: string, parentURL: string | undefined): string {
  if (parentURL === undefined || pathOfModule(parentURL) === null) return url;
  if (!url.startsWith("file:") || url.includes("?")) return url;
  const path = fileURLToPath(url);
  return isOwnModule(path) ? moduleUrl(path) : url;
}

/** Null where Node is to load it as it is. Throws SyntaxError. */
export function sourceOf(url: string): string | null {
  const path = pathOfModule(url);
  if (path === null) return null;
  const text = readFileSync(path, "utf8");
  if (!isTypeScript(path)) return path.endsWith(".mjs") || isModuleText(text) ? text : null;
  const stripped = stripTypes(text, path);
  if (stripped.kind === "code") return stripped.code;
  throw new SyntaxError(`${path}:${stripped.fault.line}: ${stripped.fault.message}`);
}

/** Whatever `type` the package.json around it says: who writes `import` means a module. */
function isModuleText(text: string): boolean {
  return /^\s*(?:import\s*[\w{*"']|export\s+[\w{*])/m.test(text);
}
