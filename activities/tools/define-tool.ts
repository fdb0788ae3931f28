// From a tool's definition to a tool that a run can use. Invariants of `run`:
//   X1. The author's code sees only input that matches the schema.
//   X2. Whatever goes wrong is an answer to the model. `run` throws only where the attempt is aborted
//       or where a retry is wanted and left.
//   X3. A `once` tool is never executed by a second attempt; a `verifiable` one is asked first.
//   X4. An answer comes within `timeoutMs`, even from code that ignores its signal.

import type { z } from "zod";
import type { Effect, Permission, ToolSpec } from "../../src/domain/tool.ts";
import type { Log } from "../../src/telemetry/log.ts";
import { startDeadline } from "./deadline.ts";
import { ToolError, toolErrorOf } from "./tool-error.ts";
import { definable } from "./tool-definition.ts";
import { failureText, OTHERWISE, toolFailure, toolOutput, type ToolOutput } from "./tool-output.ts";

/** The call that a tool is executed for. */
export interface ToolContext {
  readonly runId: string;
  readonly tenant: string;
  readonly callId: string;
  /** run/turn/index/arguments: the same for all attempts of a call, and for no other call. */
  readonly idempotencyKey: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborts when the run is cancelled, the worker stops or the time is over. */
  readonly signal: AbortSignal;
  heartbeat(details?: unknown): void;
  readonly log: Log;
  readonly artefacts?: ArtefactReader;
  /** The run's own folder for files; whoever writes first makes it. */
  readonly filesDir?: string;
  /** For whoever operates the worker: why a file could not be used, with the paths that no model is told. */
  readonly onFileTrouble?: (error: unknown) => void;
}

export interface ArtefactReader {
  /** From `offset`, in UTF-16 units; "" behind the end, null where there is no such artefact. */
  read(ref: string, offset: number, length: number): Promise<string | null>;
}

/** What a tool finds out about an earlier attempt that was lost. */
export type Verification =
  | { readonly kind: "happened"; readonly result: unknown }
  | { readonly kind: "absent" }
  | { readonly kind: "unknown" };

export interface ToolDefinition<Input extends z.ZodObject> {
  /** What the model calls it: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Read by the model: what it does, when to use it, what comes back. */
  readonly description: string;
  readonly input: Input;
  readonly permission: Permission;
  readonly effect: Effect;
  /** One attempt. Default: 60 s, inline 5 s. */
  readonly timeoutMs?: number;
  /** Default 3; a `once` tool has one. */
  readonly attemptsMax?: number;
  /** For pure tools that answer in milliseconds: runs without a trip to the server. */
  readonly inline?: boolean;
  execute(input: z.output<Input>, context: ToolContext): unknown;
  /** For `verifiable` tools: did the call with this idempotency key happen? */
  verify?(input: z.output<Input>, context: ToolContext): Verification | Promise<Verification>;
}

export interface Tool {
  readonly spec: ToolSpec;
  run(rawInput: unknown, context: ToolContext): Promise<ToolOutput>;
}

export function defineTool<Input extends z.ZodObject>(definition: ToolDefinition<Input>): Tool {
  const inputSchema = definable(definition);
  const spec = specOf(definition, inputSchema);
  return {
    spec,
    run: (rawInput, context) =>
      withInput(definition, rawInput, (input) =>
        withDeadline(spec, context, (limited) => executeOnce(definition, input, limited)),
      ),
  };
}

function specOf<Input extends z.ZodObject>(
  definition: ToolDefinition<Input>,
  inputSchema: ToolSpec["inputSchema"],
): ToolSpec {
  const { name, description, permission, effect, inline = false } = definition;
  return Object.freeze({
    name,
    description,
    inputSchema,
    permission,
    effect,
    timeoutMs: definition.timeoutMs ?? (inline ? 5000 : 60_000),
    attemptsMax: definition.attemptsMax ?? (effect === "once" ? 1 : 3),
    inline,
  });
}

async function withInput<Input extends z.ZodObject>(
  { name, input }: ToolDefinition<Input>,
  rawInput: unknown,
  act: (input: z.output<Input>) => Promise<ToolOutput>,
): Promise<ToolOutput> {
  // An argument that the schema doesn't know is a mistake to tell, not one to pass over in silence.
  const schema = input.def.catchall === undefined ? input.strict() : input;
  let parsed: Awaited<ReturnType<typeof schema.safeParseAsync>>;
  try {
    parsed = await schema.safeParseAsync(rawInput);
  } catch (error) {
    // Refinements and transforms are the author's code.
    return toolFailure(error);
  }
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 10).map(({ path, message }) => {
      const where = path.map(String).join(".");
      return where === "" ? message : `${where}: ${message}`;
    });
    const known = Object.keys(input.shape).join(", ") || "no arguments";
    return failureText(
      `The arguments of ${name} don't match its schema. ${problems.join("; ")}`,
      `Call ${name} again with arguments that match. It takes: ${known}.`,
    );
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- strict() only adds a check
  return await act(parsed.data as z.output<Input>);
}

async function executeOnce<Input extends z.ZodObject>(
  definition: ToolDefinition<Input>,
  input: z.output<Input>,
  context: ToolContext,
): Promise<ToolOutput> {
  const { effect } = definition;
  if (context.attempt > 1 && effect === "once") return outcomeUnknown(definition.name);
  if (context.attempt > 1 && effect === "verifiable") {
    const found = await definition.verify?.(input, context);
    if (found?.kind === "happened") return toolOutput(found.result);
    if (found?.kind !== "absent") return outcomeUnknown(definition.name);
  }
  return toolOutput(await definition.execute(input, context));
}

function outcomeUnknown(name: string): ToolOutput {
  return failureText(
    `The outcome of ${name} is unknown: an attempt was lost, and it may or may not have taken effect.`,
    "Don't call it again with the same arguments. Find out by other means, or say that it is unknown.",
  );
}

async function withDeadline(
  { name, timeoutMs, attemptsMax, effect }: ToolSpec,
  context: ToolContext,
  act: (limited: ToolContext) => Promise<ToolOutput>,
): Promise<ToolOutput> {
  const outer = context.signal;
  outer.throwIfAborted();
  const deadline = startDeadline(outer, timeoutMs);
  const mayHaveHappened = effect === "once" || effect === "verifiable";
  try {
    return await Promise.race([act({ ...context, signal: deadline.signal }), deadline.givenUp]);
  } catch (error) {
    outer.throwIfAborted();
    if (deadline.hasPassed()) {
      if (mayHaveHappened) return outcomeUnknown(name);
      const advice = "Ask for less at once, or go on without this tool.";
      return failureText(`${name} gave no answer within ${timeoutMs} ms.`, advice);
    }
    const told = toolErrorOf(error);
    if (told !== null) {
      const { message, suggestion, retryable } = told;
      if (retryable && context.attempt < attemptsMax) throw new ToolError(message, { retryable });
      return failureText(message, suggestion ?? OTHERWISE);
    }
    const advice = "It may have taken effect all the same: check before you call it again.";
    return toolFailure(error, mayHaveHappened ? advice : undefined);
  } finally {
    deadline.clear();
  }
}
