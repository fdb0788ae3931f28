// The small project that `pawl init` writes. It runs offline: the offline model calls the tool when a task is about
// what its name says.

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { codeOf } from "../domain/error-code.ts";

/** What a tool imports, in its quotes: an import that stands in a text is none of this file. */
const PACKAGE = JSON.stringify("pawl");

const AGENT = `# An agent of yours. \`pawl agents\` says what is wrong with it; docs/project.md has all fields.
description: Answers what is in stock.
instructions: |
  You work in a shop. Look up what is in stock instead of guessing.
  Answer in one sentence, with the number.
tools: [check_stock, calculator]
limits:
  max_cost_usd: 0.20
`;

const TOOL = `// A tool of yours. \`pawl tools\` says what is wrong with it; docs/tools.md says what else a tool can do.

import { defineTool, z } from ${PACKAGE};

const STOCK: Readonly<Record<string, number>> = { lamps: 12, chairs: 4, desks: 0 };

export const checkStock = defineTool({
  name: "check_stock",
  description: "How many pieces of an item are in stock. Returns the number.",
  input: z.object({ item: z.string().describe("What is asked for, in the plural: lamps.") }),
  permission: "read",
  effect: "pure",
  execute: ({ item }) => ({ item, pieces: STOCK[item.toLowerCase()] ?? 0 }),
});
`;

/** What an editor needs to know of the TypeScript that Pawl loads: types, and nothing but types. */
const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2022",
    "module": "nodenext",
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true
  },
  "include": ["agents", "tools"]
}
`;

const STARTER: Readonly<Record<string, string>> = {
  "agents/shop.yaml": AGENT,
  "tools/stock.ts": TOOL,
  "tsconfig.json": TSCONFIG,
  ".gitignore": ".pawl/\n.env\nnode_modules/\n",
};

/** Offline, too. */
export const FIRST_RUN = 'pawl run --agent shop "Check the stock of Lamps"';

export interface Written {
  readonly written: readonly string[];
  /** They were there, and are as they were. */
  readonly kept: readonly string[];
}

/** Throws what the file system throws. */
export function writeStarter(dir: string): Written {
  const written: string[] = [];
  const kept: string[] = [];
  const files = { ...STARTER, "package.json": packageJson(dir) };
  for (const [name, text] of Object.entries(files)) {
    (writeNew(join(dir, name), text) ? written : kept).push(name);
  }
  return { written, kept };
}

function writeNew(path: string, text: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function packageJson(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return `${JSON.stringify({ name: name || "agents", private: true, type: "module" }, null, 2)}\n`;
}
