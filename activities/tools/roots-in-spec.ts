// A file tool as it is offered by a worker with roots: a model can use only what it has been told of.

import { rootWords, type FileRoot } from "../../src/domain/file-roots.ts";
import type { ToolSpec } from "../../src/domain/tool.ts";

export function withRoots(spec: ToolSpec, roots: readonly FileRoot[]): ToolSpec {
  const usable = roots.filter(({ isWritable }) => isWritable || spec.permission === "read");
  if (usable.length === 0) return spec;
  const also = `Besides that folder, absolute paths below these are possible: ${rootWords(usable)}.`;
  return { ...spec, description: `${spec.description} ${also}` };
}
