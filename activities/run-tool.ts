// Executes one tool call and stores what the model will see of it. A tool that fails has an answer
// like any other; only a lost transcript, an abort or our own mistakes leave here as errors.

import { isToolUse, toolAnswer } from "../src/domain/message.ts";
import type { Message, ToolUseBlock } from "../src/domain/message.ts";
import { placeInReply } from "../src/domain/tool-call.ts";
import type { RunToolInput, RunToolResult } from "../src/domain/tool-call.ts";
import { isPawlError } from "../src/domain/errors.ts";
import { present } from "../src/domain/present.ts";
import { failpoint } from "../src/failpoint.ts";
import { refOf } from "../src/store/transcripts.ts";
import { approvedInput, verdictOf, withEditNote } from "./approved-input.ts";
import { aborted, failure, keepBeating, type Attempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";
import { runFolderIn } from "./files-folder.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { beginAttempt } from "./begin-attempt.ts";
import { openTool } from "./tool-sources/tool-source.ts";
import type { Tool, ToolContext } from "./tools/define-tool.ts";
import { withReadOn, type ToolOutput } from "./tools/tool-output.ts";

export function createRunTool(deps: ActivityDeps) {
  return async function runTool(input: RunToolInput): Promise<RunToolResult> {
    // Nothing is kept of what it does until it answers: the next attempt must not have it beside itself.
    const attempt = beginAttempt(deps.running, "stops");
    const startedAt = performance.now();
    const beating = keepBeating(attempt);
    try {
      const call = await findCall(deps, attempt, input);
      const tool = await toolFor(deps, input);
      const execution = { attempt, input, call, tool };
      const output = withEditNote(await execute(deps, execution), input.clearance);
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
        durationMs,
      };
    } catch (error) {
      if (attempt.signal.aborted) throw aborted(attempt);
      if (isPawlError(error)) throw failure(error.code, error.message, { cause: error });
      throw error;
    } finally {
      beating.stop();
      attempt.end();
    }
  };
}

/** The arguments lie in the transcript, where the model wrote them. */
async function findCall(
  { transcripts }: ActivityDeps,
  { runId }: Attempt,
  { callId, tool, replyRef }: RunToolInput,
): Promise<ToolUseBlock> {
  const body = await transcripts.get(runId, replyRef);
  if (body === null)
    throw failure("TRANSCRIPT_MISSING", `${replyRef} of ${runId} is not in the store`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own writing
  const reply = JSON.parse(body) as Message;
  const call = reply.content.filter(isToolUse)[placeInReply(callId) - 1];
  if (call?.name !== tool)
    throw new Error(`the reply ${replyRef} holds no call ${callId} of ${tool}`);
  return call;
}

interface Execution {
  readonly attempt: Attempt;
  readonly input: RunToolInput;
  readonly call: ToolUseBlock;
  readonly tool: Tool;
}

async function toolFor({ toolSources }: ActivityDeps, input: RunToolInput): Promise<Tool> {
  const tool = await openTool(toolSources, input.tool);
  if (tool !== null) return tool;
  throw new Error(`this worker has no tool ${input.tool}, with which the run was started`);
}

async function execute(deps: ActivityDeps, execution: Execution): Promise<ToolOutput> {
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
  return await tool.run(args, contextOf(deps, execution, args));
}

function contextOf(deps: ActivityDeps, { attempt, input }: Execution, args: unknown): ToolContext {
  const { runId } = attempt;
  const { callId } = input;
  const filesDir = runFolderIn(deps.files, input.tenant, runId);
  return {
    runId,
    tenant: input.tenant,
    callId,
    idempotencyKey: idempotencyKeyOf(runId, callId, args),
    attempt: attempt.attempt,
    signal: attempt.signal,
    heartbeat: (details) => attempt.heartbeat(details),
    log: deps.telemetry.log.child({ runId, tool: input.tool, callId }),
    ...present({ filesDir }),
    onFileTrouble: (error) =>
      deps.telemetry.emit({ event: "file_trouble", runId, tool: input.tool, dir: filesDir, error }),
    artefacts: { read: (ref, offset, length) => deps.artefacts.read(runId, ref, offset, length) },
  };
}

/** What was cut is kept, so that the model can read on. An answer is worth more than its rest. */
async function readable(deps: ActivityDeps, runId: string, output: ToolOutput): Promise<string> {
  if (output.fullText === undefined) return output.text;
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
