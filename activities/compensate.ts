// Takes back what one call did, if its tool knows how. What the tool says can't be undone leaves here as a final
// failure; whatever else goes wrong is tried again.

import type { Compensated, TakenBack } from "../src/domain/effect.ts";
import type { CompensateInput } from "../src/domain/tool-call.ts";
import { answerText } from "../src/domain/message.ts";
import { failure, type Attempt } from "./attempt.ts";
import { withoutEditNote } from "./approved-input.ts";
import type { ActivityDeps } from "./deps.ts";
import { contextOf, findCall, storedMessage, toolFor } from "./executed-call.ts";
import { attemptTool } from "./tool-attempt.ts";
import type { DoneCall } from "./tools/tool-context.ts";
import { thrownText } from "./tools/thrown-text.ts";
import { ToolError, toolErrorOf } from "./tools/tool-error.ts";

export function createCompensate(deps: ActivityDeps) {
  return async function compensate(input: CompensateInput): Promise<Compensated> {
    return await attemptTool(deps.running, async (attempt) => {
      const startedAt = performance.now();
      const undo = await takeBack(deps, attempt, input).catch(refused);
      attempt.signal.throwIfAborted();
      tell(deps, attempt, { input, undo, latencyMs: Math.round(performance.now() - startedAt) });
      return { kind: "compensated", callId: input.effect.callId, undo };
    });
  };
}

function refused(error: unknown): never {
  const told = toolErrorOf(error);
  if (told !== null && !told.retryable) throw failure("COMPENSATION_FAILED", told.message);
  throw error;
}

async function takeBack(
  deps: ActivityDeps,
  attempt: Attempt,
  { runId, tenant, effect }: CompensateInput,
): Promise<TakenBack> {
  const call = await findCall(deps, runId, effect);
  const tool = await toolFor(deps, effect.tool);
  if (tool.compensate === undefined) {
    throw failure("COMPENSATION_FAILED", `${effect.tool} can't take back what it did`);
  }
  const args = effect.editedInput ?? call.input;
  const context = contextOf(deps, attempt, { ...effect, runId, tenant, args });
  const done = await doneCall(deps, runId, effect);
  return await tool.compensate(args, done, context).catch(inItsWords);
}

/** Whatever the tool throws is its word, and no fault of ours. */
function inItsWords(error: unknown): never {
  if (toolErrorOf(error) !== null) throw error;
  throw new ToolError(thrownText(error), { retryable: true, cause: error });
}

/** What is known of it is what the model was told. */
async function doneCall(
  deps: ActivityDeps,
  runId: string,
  { answerRef, editedInput }: CompensateInput["effect"],
): Promise<DoneCall> {
  if (answerRef === null) return { outcome: "unknown" };
  const text = answerText(await storedMessage(deps, runId, answerRef));
  return { outcome: "happened", result: asReturned(withoutEditNote(text, editedInput)) };
}

/** An object or a list as it was; anything else as text. */
function asReturned(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : text;
  } catch {
    return text;
  }
}

interface TakenBackTold {
  readonly input: CompensateInput;
  readonly undo: TakenBack;
  readonly latencyMs: number;
}

function tell({ telemetry }: ActivityDeps, attempt: Attempt, told: TakenBackTold): void {
  const { input, undo, latencyMs } = told;
  const { turn, tool, callId } = input.effect;
  telemetry.emit({
    event: "tool_compensated",
    runId: input.runId,
    turn,
    tool,
    callId,
    undo: undo.kind,
    attempt: attempt.attempt,
    latencyMs,
  });
}
