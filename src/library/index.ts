// `pawl`: a client of runs, and the words in which tools and agents are written. Light to import: a tool's file
// loads neither Temporal nor a database by it.

export { openPawl, type OpenPawlOptions } from "./open-pawl.ts";
export type { Pawl, PawlOrder } from "./pawl-client.ts";
export { defineAgent, type AgentFields, type AgentLimits } from "../project/define-agent.ts";
export type { AgentDefinition } from "../../activities/agents.ts";
export { defineTool, type Tool, type ToolDefinition } from "../../activities/tools/define-tool.ts";
export type { DoneCall, ToolContext, Verification } from "../../activities/tools/tool-context.ts";
export { ToolError, type ToolErrorOptions } from "../../activities/tools/tool-error.ts";
export { isPawlError, PawlError, type ErrorCode } from "../domain/errors.ts";
export type { Outcome, RunResult } from "../domain/outcome.ts";
export type { RunEvent } from "../domain/run-event.ts";
/** The zod that `defineTool` reads: a tool's file needs no other. */
export { z } from "zod";
