// run_code, where the code can be locked in. The sandbox is probed when the first run is opened whose agent names the
// tool, and not at all where none does. Where no tier holds the tool is known and not offered.

import type { AskSandbox } from "../../src/sandbox/choose-sandbox.ts";
import { RUN_CODE, runCodeTool } from "../tools/run-code.ts";
import type { RunTerms, SourcedTool, ToolSource } from "./tool-source.ts";

/** `executes`: false where other workers execute the tools, and what holds there this one can't find out. */
export function sandboxedSource(ask: AskSandbox, executes: boolean): ToolSource {
  return {
    name: "sandbox",
    async list({ agent }: RunTerms): Promise<readonly SourcedTool[]> {
      if (!executes || !runsCode(agent.tools)) return [{ spec: runCodeTool(ask).spec }];
      const sandbox = await ask();
      if (sandbox.kind === "none") return [{ spec: runCodeTool(ask).spec, isIdle: true }];
      return [{ spec: runCodeTool(ask, sandbox.languages).spec }];
    },
    open: async (name) => (name === RUN_CODE ? runCodeTool(ask) : null),
  };
}

/** Also by a pattern. */
export function runsCode(tools: readonly string[]): boolean {
  return tools.some((tool) => tool === RUN_CODE || tool.includes("*"));
}
