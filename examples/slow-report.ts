// A tool that takes minutes and says how far it has come: whoever watches the run sees it, in the terminal and on the
// page. It stops where the run is cancelled, and beats so that a worker that died is noticed.

import { z } from "zod";
import { defineTool, type PlainTool } from "../activities/tools/define-tool.ts";
import { ToolError } from "../activities/tools/tool-error.ts";

/** Where the figures come from: one region at a time, each a while. */
export interface Sales {
  regions(year: number): Promise<readonly string[]>;
  totalOf(region: string, year: number, signal: AbortSignal): Promise<number>;
}

export function salesReportTool(sales: Sales): PlainTool {
  return defineTool({
    name: "sales_report",
    description: "Adds up the sales of a year by region. Takes minutes. Returns the totals.",
    input: z.object({ year: z.number().int().min(2000).describe("For example: 2025") }),
    permission: "read",
    effect: "pure",
    timeoutMs: 600_000,
    async execute({ year }, { progress, signal }) {
      const regions = await sales.regions(year);
      if (regions.length === 0) {
        throw new ToolError(`There are no sales of ${year}.`, {
          suggestion: "Ask for another year.",
        });
      }
      const totals: Record<string, number> = {};
      for (const [done, region] of regions.entries()) {
        signal.throwIfAborted();
        progress(`adding up ${region}`, done / regions.length);
        totals[region] = await sales.totalOf(region, year, signal);
      }
      return totals;
    },
  });
}
