// `pawl/worker`: programs that serve runs. It loads Temporal's native core, which a client can do without.

export { asProcess } from "../worker/as-process.ts";
export { runWorker, startWorker, type OwnWorker, type WorkerOptions } from "./own-worker.ts";
export { pawlPlugin, type PawlPlugin, type PluginOptions } from "./plugin.ts";
export type {
  RunTerms,
  SourcedTool,
  ToolSource,
} from "../../activities/tool-sources/tool-source.ts";
