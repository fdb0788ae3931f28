// The bundle's entry: the workflows a worker serves, and nothing else.
export { agentRun } from "./agent-run.ts";
