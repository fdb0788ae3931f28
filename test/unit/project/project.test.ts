import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { packageFile } from "../../../src/package-root.ts";
import { writeStarter } from "../../../src/project/starter.ts";
import { loadedBy, newProject, toolText, type SeenProject } from "../../support/projects.ts";

const page = readFileSync(packageFile("docs/project.md"), "utf8");
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)?.[1] ?? "";

const SEEN = `Object.assign(globalThis, { seenDefineTool: [...(globalThis.seenDefineTool ?? []), defineTool] });`;

const root = mkdtempSync(join(tmpdir(), "pawl-projects-"));
let documented: SeenProject;
let inCode: SeenProject;
let loose: SeenProject;
let starter: SeenProject;

beforeAll(async () => {
  const tools = {
    "tools/book.ts": toolText("book_table", SEEN).replace('"read"', '"write"'),
    "tools/check.ts": toolText("check_table", SEEN),
  };
  const made = newProject({}, root);
  writeStarter(made);
  const dirs = [
    newProject({ ...tools, "agents/a.yaml": block("yaml") }, root),
    newProject({ ...tools, "agents/b.ts": block("ts") }, root),
    newProject(
      {
        "package.json": '{ "type": "commonjs" }',
        // A list, a default, a module of theirs, one as TypeScript imports it, and one of CommonJS.
        "tools/all.js": `${toolText("first", SEEN)}import { more } from "../lib/more.js";\nexport const list = [more("second"), more("third")];\nexport default more("fourth");\n`,
        "lib/more.ts": `import { defineTool, z, type Tool } from "pawl";\nimport words from "./words.cjs";\n${SEEN}\nexport const more = (name: string): Tool => defineTool({ name, description: words.said, input: z.object({}), permission: "read", effect: "pure", execute: () => 1 });\n`,
        "lib/words.cjs": 'module.exports = { said: "Says it." };\n',
        "tools/zod.ts": toolText("fifth", 'import { z as own } from "zod";').replace(
          "z.string()",
          "own.string()",
        ),
        "tools/.draft.ts": "not even TypeScript",
        "tools/first.test.ts": "nor this",
      },
      root,
    ),
    made,
  ];
  const seen = await loadedBy(dirs);
  [documented, inCode, loose, starter] = seen as [
    SeenProject,
    SeenProject,
    SeenProject,
    SeenProject,
  ];
}, 300_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a project", () => {
  test("has agents in YAML with all that they can have in code, as its page shows both", () => {
    expect(documented.mistakes).toEqual([]);
    expect(inCode.mistakes).toEqual([]);
    expect(documented.agents).toEqual(inCode.agents);
    expect(documented.agents).toEqual([
      {
        name: "host",
        description: "Books tables.",
        instructions: "You book tables for the guests of a restaurant.",
        tools: ["book_table", "check_*"],
        tier: "medium",
        policy: { book_table: "ask" },
        permission: "write",
        limits: {
          ...{ costMicroUsd: 500_000, modelCalls: 20, tokens: 100_000 },
          ...{ replyTokens: 2000, toolCalls: 30, wallClockMs: 300_000 },
        },
        routing: "fixed",
        fallbacks: { medium: ["simple"] },
        onFailure: "undo",
      },
    ]);
  });

  test("has tools in TypeScript and JavaScript, however they are exported and whatever they import", () => {
    expect(loose.mistakes).toEqual([]);
    expect(loose.tools.toSorted()).toEqual(["fifth", "first", "fourth", "second", "third"]);
  });

  test("is given the one defineTool of the Pawl that runs, though it has installed none", () => {
    for (const seen of [documented, inCode, loose]) expect(seen.isOneIdentity).toBe(true);
  });

  test("is right as `pawl init` writes it", () => {
    expect(starter).toMatchObject({ mistakes: [], tools: ["check_stock"] });
    expect(starter.agents.map(({ name }) => name)).toEqual(["shop"]);
  });
});
