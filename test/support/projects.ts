// Project folders that a test writes, and what a worker's own loader makes of them.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packageFile } from "../../src/package-root.ts";
import { freshBuild } from "./fresh-build.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

export interface SeenProject {
  readonly agents: readonly { readonly name: string; readonly [field: string]: unknown }[];
  readonly tools: readonly string[];
  readonly mistakes: readonly string[];
  readonly isOneIdentity: boolean;
}

export function writeFiles(dir: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

export function newProject(files: Files, under = tmpdir()): string {
  const dir = mkdtempSync(join(under, "pawl-project-"));
  writeFiles(dir, files);
  return dir;
}

/** All of them by one process. */
export async function loadedBy(dirs: readonly string[]): Promise<readonly SeenProject[]> {
  await freshBuild();
  const script = packageFile("test/support/load-projects.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...dirs], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as SeenProject);
}

export const toolText = (name: string, more = ""): string => `import { defineTool, z } from "pawl";
${more}
export const tool = defineTool({
  name: "${name}",
  description: "Says how it is.",
  input: z.object({ city: z.string() }),
  permission: "read",
  effect: "pure",
  execute: ({ city }) => ({ said: \`fine in \${city}\` }),
});
`;
