// The version of this package, as its manifest has it.

import { readFileSync } from "node:fs";
import { z } from "zod";
import { packageFile } from "./package-root.ts";

const MANIFEST = z.object({ version: z.string() });

export function packageVersion(): string {
  return MANIFEST.parse(JSON.parse(readFileSync(packageFile("package.json"), "utf8"))).version;
}
