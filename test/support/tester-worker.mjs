// A worker with an agent and a source of tools of its own, as somebody who uses Pawl would start it. It
// runs from the built code, so it is JavaScript.

import { z } from "zod";
import { AGENTS } from "../../dist/activities/agents.js";
import { defineTool } from "../../dist/activities/tools/define-tool.js";
import { builtInTools } from "../../dist/activities/tools/index.js";
import { readConfig } from "../../dist/src/config.js";
import { openTelemetry } from "../../dist/src/telemetry/telemetry.js";
import { asProcess } from "../../dist/src/worker/as-process.js";
import { runWorker } from "../../dist/src/worker/run-worker.js";

/** With `TESTER_RELEASE=2` this is the next release: other words, and a tool less. */
const isNext = process.env["TESTER_RELEASE"] === "2";

const LINE = "Each tooth that the pawl has passed stays passed. ";

/** JSON 100,000 levels deep can't be written by a recursive function. */
function nested(levels) {
  let value = "the innermost";
  for (let level = 0; level < levels; level += 1) value = { deeper: value };
  return value;
}

const ODDITIES = {
  lone_surrogates: () => "high \uD83D and low \uDE00 and both \uD83D\uDE00 end",
  nul: () => "before\u0000after",
  nul_in_json: () => ({ "a\u0000b": "c\u0000d", half: "\uDC00" }),
  deep_json: () => nested(100_000),
  deep_json_text: () => "[".repeat(100_000) + "]".repeat(100_000),
  circle: () => {
    const circle = {};
    circle.itself = circle;
    return circle;
  },
};

const text = (bytes, of) => of.repeat(Math.ceil(bytes / of.length)).slice(0, bytes);

function textTool(name, inline) {
  return defineTool({
    name,
    description: isNext ? "Writes at length." : "Gives a text of so many bytes.",
    input: z.object({ bytes: z.number().int().min(1), of: z.string().min(1).default(LINE) }),
    permission: "read",
    effect: "pure",
    inline,
    execute: ({ bytes, of }) => text(bytes, of),
  });
}

const oddTool = defineTool({
  name: "oddity",
  description: "Gives a value that is hard to write down.",
  input: z.object({ kind: z.enum(Object.keys(ODDITIES)) }),
  permission: "read",
  effect: "pure",
  execute: ({ kind }) => ODDITIES[kind](),
});

const tools = [textTool("text", false), textTool("inline_text", true), oddTool];
const names = [...builtInTools, ...tools].map(({ spec }) => spec.name);

/** Knows its tools when it is asked, and not before. */
const atTheBench = {
  name: "bench",
  list: async ({ agent }) => (agent.name === "tester" ? tools.map(({ spec }) => ({ spec })) : []),
  open: async (name) => tools.find(({ spec }) => spec.name === name) ?? null,
};

const tester = {
  name: "tester",
  instructions: isNext ? "Do what the next test says." : "Do what the test says.",
  tools: isNext ? names.filter((name) => name !== "oddity") : names,
};

/** May read, whoever asks. */
const reader = {
  name: "reader",
  instructions: "Do what the test says.",
  tools: ["calculator", "write_file"],
  permission: "read",
};

await asProcess(async () => {
  const config = readConfig();
  await runWorker(config, openTelemetry(config.log), {
    toolSources: [atTheBench],
    agents: [...AGENTS, tester, reader],
  });
});
