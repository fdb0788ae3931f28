// run_code, where the code can be locked in. The sandbox is probed when the first run is opened whose agent names the
// tool, and not at all where none does. Where no tier holds the tool is known and not offered.

import { sandboxOf, type AskSandbox } from "../../src/sandbox/choose-sandbox.ts";
import type { Tier } from "../../src/sandbox/sandbox.ts";
import { RUN_CODE, runCodeTool } from "../tools/run-code.ts";
import type { RunTerms, SourcedTool, ToolSource } from "./tool-source.ts";

interface Terms {
  readonly minTier: Tier;
  /** False where other workers execute the tools: what holds there this one can't find out. */
  readonly executes: boolean;
}

export function sandboxedSource(
  { minTier, executes }: Terms,
  ask: AskSandbox = sandboxOf(minTier),
): ToolSource {
  return {
    name: "sandbox",
    async list({ agent }: RunTerms): Promise<readonly SourcedTool[]> {
      if (!executes || !names(agent.tools)) return [{ spec: runCodeTool(ask).spec }];
      const sandbox = await ask();
      if (sandbox.kind === "none") return [{ spec: runCodeTool(ask).spec, isIdle: true }];
      return [{ spec: runCodeTool(ask, sandbox.languages).spec }];
    },
    open: async (name) => (name === RUN_CODE ? runCodeTool(ask) : null),
  };
}

/** Also by a pattern. */
function names(tools: readonly string[]): boolean {
  return tools.some((tool) => tool === RUN_CODE || tool.includes("*"));
}
