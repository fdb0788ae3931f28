// The tools that every worker has.

import { calculatorTool } from "./calculator.ts";
import type { Tool } from "./define-tool.ts";
import { editFileTool } from "./edit-file.ts";
import { listFilesTool } from "./list-files.ts";
import { readFileTool } from "./read-file.ts";
import { readResultTool } from "./read-result.ts";
import { webSearchTool } from "./web-search.ts";
import { writeFileTool } from "./write-file.ts";

export const builtInTools: readonly Tool[] = [
  calculatorTool,
  webSearchTool,
  readResultTool,
  writeFileTool,
  readFileTool,
  listFilesTool,
  editFileTool,
];

/** Of no use to a run whose worker has no place for files. */
export const fileTools: ReadonlySet<string> = new Set(
  [readFileTool, listFilesTool, writeFileTool, editFileTool].map(({ spec }) => spec.name),
);
