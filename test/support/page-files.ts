// The built page for tests that answer in the gateway's place.

import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { packageFile } from "../../src/package-root.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export function pageFile(path: string): { readonly type: string; readonly bytes: Buffer } {
  const name =
    path === "/"
      ? "index.html"
      : path.replace(/^\/page\//, "").replace(/^\/favicon.ico$/, "icon.svg");
  const file =
    name === "vendor/preact.js"
      ? "node_modules/htm/preact/standalone.module.js"
      : `dist/src/gateway/page/${name}`;
  return { type: TYPES[extname(name)] ?? "", bytes: readFileSync(packageFile(file)) };
}
