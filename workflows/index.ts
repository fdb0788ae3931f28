// The bundle's entry: the workflows a worker serves, and nothing else.
export { agentBatch } from "./agent-batch.ts";
export { agentRun } from "./agent-run.ts";
export { undoRun } from "./undo-run.ts";
