// The tools of a project folder, as they are when a run asks for them. A call is executed by the newest that the folder
// has had by its name since this worker started: a run under way is not left without a tool because its file was
// taken away, or is broken just now.

import type { Tool } from "../tools/define-tool.ts";
import type { ToolSource } from "./tool-source.ts";

export interface FolderTools {
  /** As they are now. */
  list(): Promise<readonly Tool[]>;
  /** The newest; null where there has never been one. */
  newest(name: string): Tool | null;
}

export function folderSource(folder: FolderTools): ToolSource {
  return {
    name: "folder",
    list: async () => (await folder.list()).map(({ spec }) => ({ spec })),
    open: async (name) => folder.newest(name),
  };
}
