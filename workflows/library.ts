// `pawl/workflows`: what workflow code of your own imports. `runAgent` and `startAgentRun` begin a run as a child of
// yours. The worker that serves it registers Pawl's workflows by the plugin of `pawl/worker`; one that bundles without
// it exports `agentRun`, `agentBatch` and `undoRun` from its own workflows.

export { agentBatch, agentRun, undoRun } from "./index.ts";
export { runAgent, startAgentRun, type AgentOrder } from "./start-run.ts";
export type { Outcome, RunResult } from "../src/domain/outcome.ts";
