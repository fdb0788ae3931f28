// The tools that every worker has.

import { calculatorTool } from "./calculator.ts";
import type { Tool } from "./define-tool.ts";
import { readResultTool } from "./read-result.ts";
import { webSearchTool } from "./web-search.ts";
import { writeFileTool } from "./write-file.ts";

export const builtInTools: readonly Tool[] = [
  calculatorTool,
  webSearchTool,
  readResultTool,
  writeFileTool,
];

/** Of no use to a run whose worker has no place for files. */
export const fileTools: ReadonlySet<string> = new Set([writeFileTool.spec.name]);
