// Where a Chromium is: the one that the tests' npm package brings, packed, or the machine's.

import { existsSync } from "node:fs";
import { packageFile } from "../../src/package-root.ts";

/** Built for one kind of machine. */
const PACKED = packageFile("node_modules/@sparticuz/chromium/bin/chromium.br");

const USUAL_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** A program, or the packed one. `CHROMIUM_PATH` comes first. */
export function findChromium(): string | undefined {
  const isFit = process.platform === "linux" && process.arch === "x64";
  const paths = [process.env["CHROMIUM_PATH"], ...(isFit ? [PACKED] : []), ...USUAL_PATHS];
  return paths.find((path) => path !== undefined && existsSync(path));
}

export function isPacked(path: string): boolean {
  return path === PACKED;
}
