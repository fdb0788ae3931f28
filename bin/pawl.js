#!/usr/bin/env node
import { existsSync } from "node:fs";

const entry = new URL("../dist/src/cli/main.js", import.meta.url);
if (existsSync(entry)) {
  await import(entry);
} else {
  process.stderr.write("pawl is not built yet. Run: npm run build\n");
  process.exitCode = 2;
}
