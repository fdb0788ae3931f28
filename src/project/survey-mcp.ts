// The tools of a project's MCP servers as a run would be offered them now, and what is wrong with any of the servers.

import { openMcp } from "../../activities/tool-sources/open-mcp.ts";
import type { Config } from "../config.ts";
import type { ToolSpec } from "../domain/tool.ts";
import type { TelemetryEvent } from "../telemetry/event.ts";
import type { Mistake } from "./mistake.ts";

const FILE = ".mcp.json";
/** One that may call whatever there is. */
const ANYBODY = { name: "anybody", instructions: "", tools: ["*"] };
const ANY_RUN = { agent: ANYBODY, tenant: "local", models: [], costCapMicroUsd: 0 };

export interface SurveyedMcp {
  readonly tools: readonly (ToolSpec & { readonly from: string })[];
  readonly mistakes: readonly Mistake[];
}

export async function surveyMcp(
  config: Pick<Config, "project" | "proxy" | "timers">,
): Promise<SurveyedMcp> {
  const told: TelemetryEvent[] = [];
  const source = openMcp(config, { emit: (event) => void told.push(event) });
  try {
    const listed = await source.list(ANY_RUN);
    return {
      tools: listed.map(({ spec }) => ({ ...spec, from: `${FILE}: ${spec.origin?.server}` })),
      mistakes: told.flatMap(mistakesOf),
    };
  } finally {
    await source.close?.();
  }
}

function mistakesOf(event: TelemetryEvent): readonly Mistake[] {
  const wrong = (what: string, remedy: string) => [{ file: FILE, line: null, what, remedy }];
  switch (event.event) {
    case "mcp_config_wrong":
      return wrong(`${event.message}.`, "");
    case "mcp_server_away": {
      const why = event.error instanceof Error ? event.error.message : String(event.error);
      return wrong(
        `The server ${event.server} does not answer: ${why}.`,
        "A run that begins now has none of its tools.",
      );
    }
    case "mcp_tools_left_out":
      return wrong(
        `Tools of ${event.server} are not offered: ${event.tools.join("; ")}.`,
        "The others are.",
      );
    default:
      return [];
  }
}
