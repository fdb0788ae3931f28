// Executes one tool call and stores what the model will see of it. A tool that fails has an answer
// like any other; only a lost transcript, an abort or our own mistakes leave here as errors. One that asks a
// person has no answer yet: its questions go to the run, which comes again with what was said.

import { toolAnswer } from "../src/domain/message.ts";
import type { Message, ToolUseBlock } from "../src/domain/message.ts";
import { present } from "../src/domain/present.ts";
import type { RunToolInput, RunToolResult } from "../src/domain/tool-call.ts";
import { failpoint } from "../src/failpoint.ts";
import { refOf } from "../src/store/transcripts.ts";
import { askedBy } from "./asked-by-tool.ts";
import { approvedInput, verdictOf, withEditNote } from "./approved-input.ts";
import type { Attempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";
import { contextOf, findCall, toolFor } from "./executed-call.ts";
import { attemptTool } from "./tool-attempt.ts";
import type { Tool } from "./tools/define-tool.ts";
import { withReadOn, type ToolOutput } from "./tools/tool-output.ts";
import { isAsking, type ToolResult } from "./tools/tool-questions.ts";

export function createRunTool(deps: ActivityDeps) {
  return async function runTool(input: RunToolInput): Promise<RunToolResult> {
    return await attemptTool(deps.running, async (attempt) => {
      const startedAt = performance.now();
      const call = await findCall(deps, attempt.runId, input);
      const tool = await toolFor(deps, input.tool, input.pinned);
      const execution = { attempt, input, call, tool };
      const result = await execute(deps, execution);
      const outcome = isAsking(result) ? askedBy(input, result) : result;
      if ("asks" in outcome) {
        attempt.signal.throwIfAborted();
        return outcome;
      }
      const output = withEditNote(outcome, input.clearance);
      failpoint("run_tool.before_answer");
      attempt.signal.throwIfAborted();
      const content = await readable(deps, attempt.runId, output);
      const answer = toolAnswer(call.id, content, output.isError);
      const ref = await store(deps, attempt.runId, answer, tool);
      const durationMs = Math.round(performance.now() - startedAt);
      tellResult(deps, attempt, { input, output, durationMs });
      return {
        callId: input.callId,
        toolUseId: call.id,
        tool: input.tool,
        ref,
        content,
        isError: output.isError,
        ...present({ effect: output.effect ?? (output.isError ? "unknown" : undefined) }),
        durationMs,
      };
    });
  };
}

interface Execution {
  readonly attempt: Attempt;
  readonly input: RunToolInput;
  readonly call: ToolUseBlock;
  readonly tool: Tool;
}

async function execute(deps: ActivityDeps, execution: Execution): Promise<ToolResult> {
  const { attempt, input, call, tool } = execution;
  deps.telemetry.emit({
    event: attempt.attempt > 1 ? "tool_retry" : "tool_call",
    runId: attempt.runId,
    turn: input.turn,
    tool: input.tool,
    callId: input.callId,
    attempt: attempt.attempt,
    ...verdictOf(input.clearance),
  });
  if (!tool.spec.inline) deps.deltas.mark(attempt, { kind: "started" });
  const args = approvedInput(input.callId, call.input, input.clearance);
  const { runId } = attempt;
  return await tool.run(args, contextOf(deps, attempt, { ...input, runId, args }));
}

/** What was cut is kept, so that the model can read on. An answer is worth more than its rest. */
async function readable(deps: ActivityDeps, runId: string, output: ToolOutput): Promise<string> {
  if (output.fullText === undefined) return output.text;
  if (output.keptAs !== undefined) return withReadOn(output, output.keptAs);
  try {
    const { ref } = await deps.artefacts.put(runId, output.fullText);
    return withReadOn(output, ref);
  } catch (error) {
    deps.telemetry.emit({ event: "artefact_lost", runId, error });
    return output.text;
  }
}

/**
 * Nobody waits for the store where the tool is inline: the answer stands in history before the next
 * model call is scheduled, and that call stores it again with its reply. Who misses it rebuilds it.
 */
async function store(
  { transcripts, telemetry }: ActivityDeps,
  runId: string,
  message: Message,
  { spec }: Tool,
): Promise<string> {
  const body = JSON.stringify(message);
  const ref = refOf(body);
  const stored = transcripts.put([{ runId, ref, body }]);
  if (!spec.inline) {
    await stored;
    return ref;
  }
  transcripts.remember([{ runId, ref, body }], []);
  stored.catch((error: unknown) => telemetry.emit({ event: "answer_not_stored", runId, error }));
  return ref;
}

interface Executed {
  readonly input: RunToolInput;
  readonly output: ToolOutput;
  readonly durationMs: number;
}

function tellResult({ telemetry }: ActivityDeps, attempt: Attempt, executed: Executed): void {
  const { input, output, durationMs } = executed;
  telemetry.emit({
    event: "tool_result",
    runId: attempt.runId,
    turn: input.turn,
    tool: input.tool,
    callId: input.callId,
    isError: output.isError,
    bytes: Buffer.byteLength(output.text),
    latencyMs: durationMs,
    attempt: attempt.attempt,
  });
}
