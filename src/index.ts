// What `import { … } from "pawl"` gives: to define tools and agents of your own.

export { defineAgent, type AgentFields, type AgentLimits } from "./project/define-agent.ts";
export { defineTool, type Tool, type ToolDefinition } from "../activities/tools/define-tool.ts";
export type { ToolContext, Verification } from "../activities/tools/tool-context.ts";
export { ToolError } from "../activities/tools/tool-error.ts";
/** Says what a tool takes: the version that Pawl itself reads. */
export { z } from "zod";
