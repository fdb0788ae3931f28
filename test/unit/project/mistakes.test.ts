import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  loadedBy,
  newProject,
  toolText,
  type Files,
  type SeenProject,
} from "../../support/projects.ts";

/** Beside each broken file: what must be served all the same. */
const RIGHT: Files = {
  "agents/right.yaml": "instructions: You are right.\ntools: [right_tool]\n",
  "tools/right.ts": toolText("right_tool"),
};

interface Case {
  readonly name: string;
  readonly files: Files;
  /** Each `file:line: cause remedy`. */
  readonly told: readonly RegExp[];
}

const yaml = (name: string, text: string, ...told: readonly RegExp[]): Case => ({
  name,
  files: { "agents/bad.yaml": text },
  told,
});
const tool = (name: string, text: string, ...told: readonly RegExp[]): Case => ({
  name,
  files: { "tools/bad.ts": text },
  told,
});

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** What was lost in reading would be sent to a model with every call (case 14). */
const NOT_UTF8: readonly Case[] = [
  {
    name: "YAML in Windows-1252",
    files: {
      "agents/bad.yaml": latin1("tools: []\ninstructions: Du sprichst M\u00fcnchner Deutsch.\n"),
    },
    told: [/^agents\/bad\.yaml:2: It is not UTF-8\. Save it as UTF-8, for example with iconv/],
  },
  {
    name: "instructions in a file in Windows-1252",
    files: {
      "agents/bad.yaml": "tools: []\ninstructions_file: bad.md\n",
      "agents/bad.md": latin1("# Stra\u00dfe\n"),
    },
    told: [/^agents\/bad\.yaml:2: Line 1 of bad\.md is not UTF-8\. Save it as UTF-8/],
  },
  {
    name: "a tool in Windows-1252",
    files: { "tools/bad.ts": latin1(toolText("bad").replace("how it is", "f\u00fcr wen")) },
    told: [/^tools\/bad\.ts:5: It is not UTF-8\. Save it as UTF-8/],
  },
  {
    name: "what a tool imports in UTF-16",
    files: {
      "tools/bad.ts": toolText("bad", 'import { said } from "../lib/said.js";\nvoid said;'),
      "lib/said.js": Buffer.from('\ufeffexport const said = "x";\n', "utf16le"),
    },
    told: [/^lib\/said\.js:1: It is not UTF-8\. Save it as UTF-8/],
  },
];

const AGENTS: readonly Case[] = [
  yaml(
    "YAML with a list that is not closed",
    "instructions: You count.\ntools: [calculator\npermission: read\n",
    /^agents\/bad\.yaml:[23]: It is no YAML: .+ Close the quote or the bracket/,
  ),
  yaml(
    "YAML that is indented by a tab",
    "instructions: You count.\nlimits:\n\tmax_calls: 3\n",
    /^agents\/bad\.yaml:3: It is no YAML: .+ Indent by blanks/,
  ),
  yaml(
    "YAML with a colon in a text",
    "instructions: Remember: be brief\n",
    /^agents\/bad\.yaml:1: It is no YAML: .+ in quotes/,
  ),
  yaml(
    "a field twice",
    "instructions: You count.\ntier: simple\ntier: complex\n",
    /^agents\/bad\.yaml:3: It is no YAML: .+ Keep one of the fields/,
  ),
  yaml("an empty file", "# later\n", /^agents\/bad\.yaml:1: It holds no fields\. Write fields/),
  yaml(
    "a field that is misspelt",
    "instruction: You count.\n",
    /^agents\/bad\.yaml:1: There is no field instruction\. Did you mean instructions\?/,
    /^agents\/bad\.yaml:1: instructions is missing\. It is a text/,
  ),
  yaml(
    "a field like none that there is",
    "instructions: You count.\ntemperature: 0.3\n",
    /^agents\/bad\.yaml:2: There is no field temperature\. The fields are name, .+, on_failure/,
  ),
  yaml(
    "a limit that is misspelt",
    "instructions: You count.\nlimits:\n  max_calls: 3\n  max_cost: 1\n",
    /^agents\/bad\.yaml:4: There is no field max_cost\. Did you mean max_cost_usd\?$/,
  ),
  yaml(
    "a field as code writes it",
    "instructions: You count.\nonFailure: keep\n",
    /^agents\/bad\.yaml:2: There is no field onFailure\. Did you mean on_failure\?/,
  ),
  yaml(
    "tools that are no list",
    "instructions: You count.\ntools: calculator\n",
    /^agents\/bad\.yaml:2: tools is "calculator"\. It is a list of names of tools/,
  ),
  yaml(
    "a limit that is no number",
    "instructions: You count.\nlimits:\n  max_cost_usd: fifty cents\n",
    /^agents\/bad\.yaml:3: limits\.max_cost_usd is "fifty cents"\. It is a number of dollars/,
  ),
  yaml(
    "a duration that is none",
    "instructions: You count.\nlimits: { timeout: soon }\n",
    /^agents\/bad\.yaml:2: limits\.timeout is "soon"\. It is a duration such as 120s/,
  ),
  yaml(
    "a permission that there is none of",
    "instructions: You count.\npermission: writes\n",
    /^agents\/bad\.yaml:2: permission is "writes"\. It is one of read, write, execute, admin/,
  ),
  yaml(
    "a rule that there is none of",
    "instructions: You count.\ntools: [write_file]\npolicy:\n  write_file: maybe\n",
    /^agents\/bad\.yaml:4: policy\.write_file is "maybe"\. It is one of allow, ask, deny/,
  ),
  yaml(
    "a tier and a model",
    "instructions: You count.\ntier: simple\nmodel: claude-haiku-5-5\n",
    /^agents\/bad\.yaml:3: It names a tier and a model\. Keep one/,
  ),
  yaml(
    "a model that nobody knows",
    "instructions: You count.\nmodel: claude-haiku-5-6\n",
    /^agents\/bad\.yaml:2: There is no model claude-haiku-5-6\. Did you mean claude-haiku-5-5\?/,
  ),
  yaml(
    "a tool that nobody has",
    "instructions: You count.\ntools:\n  - calculator\n  - right_tol\n",
    /^agents\/bad\.yaml:4: There is no tool right_tol\. Did you mean right_tool\? There are/,
  ),
  yaml(
    "a pattern that means no tool",
    "instructions: You count.\ntools: ['calc*', 'gitlab__*', 'github__*']\n",
    /^agents\/bad\.yaml:2: No tool is meant by gitlab__\*\./,
  ),
  yaml(
    "a rule for a tool that it does not list",
    "instructions: You count.\ntools: [write_file]\npolicy: { write_fil: deny }\n",
    /^agents\/bad\.yaml:3: The policy speaks of write_fil, .+ Did you mean write_file\?/,
  ),
  yaml(
    "instructions in a file that is not there",
    "tools: []\ninstructions_file: bad.md\n",
    /^agents\/bad\.yaml:2: There is no file bad\.md that can be read\. Make the file/,
  ),
  {
    name: "two agents by one name",
    files: { "agents/sirius.yaml": "name: right\ninstructions: You count.\n" },
    told: [/^agents\/sirius\.yaml:1: right is there twice: agents\/right\.yaml has it too/],
  },
  {
    name: "an agent in code with a field that there is none of",
    files: {
      "agents/bad.ts":
        'import { defineAgent } from "pawl";\nexport default defineAgent({\n  name: "bad",\n  instructions: "You count.",\n  tool: ["calculator"],\n  limits: { maxCost: 3 },\n});\n',
    },
    told: [
      /^agents\/bad\.ts:5: There is no field tool\. Did you mean tools\?/,
      /^agents\/bad\.ts:6: There is no field maxCost\. Did you mean maxCostUsd\?/,
    ],
  },
  {
    name: "a file that agents are not written in",
    files: { "agents/bad.json": "{}" },
    told: [/^agents\/bad\.json: Files of this kind are not read here\. It ends in \.yaml/],
  },
];

const TOOLS: readonly Case[] = [
  tool(
    "TypeScript with a comma missing",
    toolText("bad").replace('"bad",', '"bad"'),
    /^tools\/bad\.ts:5: Expected ','.+ Mend the syntax there/,
  ),
  tool(
    "TypeScript that is more than types",
    toolText("bad", "enum Size { small, large }"),
    /^tools\/bad\.ts:2: TypeScript enum is not supported .+ Only types are erased/,
  ),
  tool(
    "a name that is declared twice",
    toolText("bad", "const tool = 1;"),
    /^tools\/bad\.ts:\d: Identifier 'tool' has already been declared\. Mend the syntax/,
  ),
  tool(
    "a tool that throws at import",
    toolText("bad", '\nconst url = new URL(process.env.NO_SUCH_PLACE ?? "nowhere");'),
    /^tools\/bad\.ts:3: It throws while it is loaded: Invalid URL\. .+ belongs into execute/,
  ),
  tool(
    "a promise that is dropped, and fails",
    toolText("bad", "\nvoid (async () => { throw new Error('no bookings today'); })();"),
    /^tools\/bad\.ts:3: It throws while it is loaded: No bookings today\./,
  ),
  tool(
    "a file that ends the process",
    toolText("bad", "process.exit(3);"),
    /^tools\/bad\.ts:2: It calls process\.exit\(3\) while it is loaded\. Take that out/,
  ),
  tool(
    "a package that is not installed",
    toolText("bad", '\nimport Stripe from "stripe";'),
    /^tools\/bad\.ts:3: The package stripe is not installed\. Install it: npm install stripe/,
  ),
  tool(
    "a file that is not there",
    toolText("bad", 'import { db } from "../lib/db.js";'),
    /^tools\/bad\.ts:2: There is no file .+lib\/db\.js\. Check the path of the import/,
  ),
  tool(
    "a type that is imported as a value",
    toolText("bad", 'import { Tool } from "pawl";\nconst none: Tool | null = null;'),
    /^tools\/bad\.ts:2: .+ does not provide an export named 'Tool'\. .+ import type \{ Tool \}/,
  ),
  tool(
    "a tool that can't be defined",
    toolText("bad tool").replace('"pure"', '"harmless"'),
    /^tools\/bad\.ts:3: Tool "bad tool" can't be defined: the name must match .+effect is one of/,
  ),
  tool(
    "a definition without defineTool around it",
    `${toolText("fine")}\nexport const bare = { name: "bare", input: {}, execute: () => 1 };\n`,
    /^tools\/bad\.ts:12: bare is a definition that no defineTool has made a tool\. Write: export/,
  ),
  tool(
    "a tool that is not exported",
    toolText("bad").replace("export const", "const"),
    /^tools\/bad\.ts:3: It exports no tool\. Write: import/,
  ),
  tool(
    "a script of somebody's, which is not run",
    "globalThis.hasRun = true;\nprocess.exit(1);\n",
    /^tools\/bad\.ts:1: It defines no tool\. Write: import \{ defineTool \}/,
  ),
  tool(
    "two tools by one name",
    toolText("right_tool"),
    /^tools\/right\.ts:4: right_tool is there twice: tools\/bad\.ts has it too/,
  ),
  {
    name: "a tool as CommonJS",
    files: {
      "tools/bad.js":
        'import { z } from "zod";\nconst { defineTool } = require("pawl");\nexport const x = defineTool({});\n',
    },
    told: [
      /^tools\/bad\.js:2: Require is not defined in ES module scope.+ Write import and export/,
    ],
  },
  {
    name: "a file that a tool imports",
    files: {
      "tools/bad.ts": toolText("bad", 'import { db } from "../lib/db.ts";\nvoid db;'),
      "lib/db.ts": "export const ok = 1;\nexport const db: number = ;\n",
    },
    told: [/^lib\/db\.ts:2: Expression expected\. Mend the syntax there/],
  },
  {
    name: "an agent whose tool is in a broken file",
    files: {
      "tools/book.ts": toolText("book_table").replace('"book_table",', '"book_table"'),
      "agents/host.yaml": "instructions: You book.\ntools: [book_table]\n",
    },
    told: [
      /^tools\/book\.ts:5: Expected ','/,
      /^agents\/host\.yaml:2: There is no tool book_table\. tools\/book\.ts can't be used, and may have it/,
    ],
  },
];

const CASES = [...AGENTS, ...TOOLS, ...NOT_UTF8];
const root = mkdtempSync(join(tmpdir(), "pawl-mistakes-"));
/** As a URL it looks otherwise: a line in it is found all the same (case 09). */
const projects = join(root, "C# (50 %) what?");
const seen = new Map<string, SeenProject>();

beforeAll(async () => {
  mkdirSync(projects);
  const dirs = CASES.map(({ files }) => newProject({ ...RIGHT, ...files }, projects));
  const loaded = await loadedBy(dirs);
  for (const [at, { name }] of CASES.entries()) {
    const project = loaded[at];
    if (project !== undefined) seen.set(name, project);
  }
}, 300_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a mistake in an agent or a tool is told by file, line, cause and remedy", () => {
  test.each(CASES)("$name", ({ name, told }) => {
    const mistakes = seen.get(name)?.mistakes ?? [];
    expect(mistakes).toHaveLength(told.length);
    for (const [at, pattern] of told.entries()) expect(mistakes[at]).toMatch(pattern);
  });

  test.each(CASES)("$name takes nothing else down", ({ name }) => {
    const { agents = [], tools = [] } = seen.get(name) ?? {};
    expect(agents.map((agent) => agent.name)).toContain("right");
    expect(tools).toContain("right_tool");
  });
});
