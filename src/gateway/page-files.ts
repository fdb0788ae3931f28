// The page and what belongs to it, read once from the built folder. Files are looked up by name in
// what was read, so no path of a request ever reaches the file system.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { packageFile } from "../package-root.ts";
import type { App } from "./define-route.ts";
import type { GatewayContext } from "./route-context.ts";

interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

const FOLDER = "dist/src/gateway/page";
/** Of a package, which lies beside ours or inside of it, and does not name this file to Node. */
const PREACT = { package: "htm", fromMain: "../preact/standalone.module.js" };

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Nothing but our own scripts and styles: text of a model that became markup could load nothing. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function addPage(app: App): void {
  const files = readPage();
  app.get("/", (c) => answer(c, "/", files.get("index.html")));
  app.get("/favicon.ico", (c) => answer(c, "/favicon.ico", files.get("icon.svg")));
  app.get("/page/*", (c) => {
    return answer(c, "/page/*", files.get(c.req.path.slice("/page/".length)));
  });
}

function answer(c: GatewayContext, route: string, file: PageFile | undefined) {
  c.set("route", route);
  if (file === undefined) return c.notFound();
  c.header("Content-Security-Policy", POLICY);
  c.header("Referrer-Policy", "no-referrer");
  c.header("Cross-Origin-Opener-Policy", "same-origin");
  c.header("Cross-Origin-Resource-Policy", "same-origin");
  // A new build must show at once, and what did not change need not travel.
  c.header("Cache-Control", "no-cache");
  c.header("ETag", file.etag);
  if (isKnown(file.etag, c.req.header("if-none-match"))) return c.body(null, 304);
  c.header("Content-Type", file.type);
  return c.body(file.bytes);
}

/** A proxy that compresses makes the tag a weak one. */
function isKnown(etag: string, known: string | undefined): boolean {
  return (known ?? "").split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

function readPage(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  const folder = packageFile(FOLDER);
  if (existsSync(folder)) {
    for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      add(files, path.replaceAll("\\", "/"), join(folder, path));
    }
  }
  add(files, "vendor/preact.js", preactFile());
  return files;
}

function preactFile(): string {
  const main = createRequire(import.meta.url).resolve(PREACT.package);
  return join(dirname(main), PREACT.fromMain);
}

function add(files: Map<string, PageFile>, name: string, path: string): void {
  const type = TYPES[extname(name)];
  if (type === undefined || !existsSync(path)) return;
  const bytes = new Uint8Array(readFileSync(path));
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  files.set(name, { bytes, type, etag });
}
