// From a tool's definition to a tool that a run can use. Invariants of `run`:
//   X1. The author's code sees only input that matches the schema.
//   X2. Whatever goes wrong is an answer to the model. `run` throws only where the attempt is aborted
//       or where a retry is wanted and left.
//   X3. A `once` tool is never executed by a second attempt; a `verifiable` one is asked first.
//   X4. An answer comes within `timeoutMs`, even from code that ignores its signal.
//   X8. What it has to ask is answered before `execute` is called (ask-before.ts).
// How what a call did is taken back is compensation.ts.

import type { z } from "zod";
import type { TakenBack } from "../../src/domain/effect.ts";
import type { Permission } from "../../src/domain/permission.ts";
import type { Effect, ReadsWhere, ToolSpec } from "../../src/domain/tool.ts";
import { askBefore, type ToolQuestions } from "./ask-before.ts";
import { takeBack } from "./compensation.ts";
import { startDeadline } from "./deadline.ts";
import { OutputStream } from "./output-stream.ts";
import type { DoneCall, ToolContext, Verification } from "./tool-context.ts";
import { ToolError, toolErrorOf } from "./tool-error.ts";
import { definable } from "./tool-definition.ts";
import {
  failureText,
  OTHERWISE,
  streamedOutput,
  toolFailure,
  toolOutput,
  type ToolOutput,
} from "./tool-output.ts";
import type { ToolResult } from "./tool-questions.ts";

export type { ToolContext, Verification } from "./tool-context.ts";

export interface ToolDefinition<Input extends z.ZodObject> {
  /** What the model calls it: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Read by the model: what it does, when to use it, what comes back. */
  readonly description: string;
  readonly input: Input;
  readonly permission: Permission;
  /** Calls whose argument has one of the values need no more than `read`: the methods of a protocol that only read. */
  readonly readsWhere?: ReadsWhere;
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
  /**
   * Takes back what the call with this idempotency key did. Must be safe to repeat; a ToolError says that it can't be
   * done, anything else that is thrown has it tried again.
   */
  compensate?(input: z.output<Input>, done: DoneCall, context: ToolContext): unknown;
}

/** One that may have to ask a person first. */
export interface AskingToolDefinition<Input extends z.ZodObject> extends ToolDefinition<Input> {
  /**
   * What a person must answer before `execute` is called: with `context.answers` of theirs. The run waits for them,
   * for days if need be, and costs nothing meanwhile. Called again after every round, with the answers so far in
   * `context.answers`: it may ask more then, and must change nothing in the world. Each id is asked once. Where the
   * person declines, or says nothing in time, `execute` is not called and the model is told, unless the question is
   * `optional`.
   */
  questions(input: z.output<Input>, context: ToolContext): ToolQuestions | Promise<ToolQuestions>;
}

export interface Tool {
  readonly spec: ToolSpec;
  run(rawInput: unknown, context: ToolContext): Promise<ToolResult>;
  /** Absent where it can't take back what it does. Throws where that failed. */
  readonly compensate?: (
    rawInput: unknown,
    done: DoneCall,
    context: ToolContext,
  ) => Promise<TakenBack>;
}

/** One that asks nobody anything. */
export interface PlainTool extends Tool {
  run(rawInput: unknown, context: ToolContext): Promise<ToolOutput>;
}

type AnyDefinition<Input extends z.ZodObject> = ToolDefinition<Input> &
  Partial<Pick<AskingToolDefinition<Input>, "questions">>;

export function defineTool<Input extends z.ZodObject>(
  definition: AskingToolDefinition<Input>,
): Tool;
export function defineTool<Input extends z.ZodObject>(definition: ToolDefinition<Input>): PlainTool;
export function defineTool<Input extends z.ZodObject>(definition: AnyDefinition<Input>): Tool {
  const inputSchema = definable(definition);
  const spec = specOf(definition, inputSchema);
  const tool: Tool = {
    spec,
    async run(rawInput, context) {
      const read = await readInput(definition, rawInput);
      if ("problem" in read) return read.problem;
      return await answerInTime(spec, context, (limited) =>
        executeOnce(definition, read.input, limited),
      );
    },
  };
  if (definition.compensate === undefined) return tool;
  return {
    ...tool,
    async compensate(rawInput, done, context) {
      const read = await readInput(definition, rawInput);
      if ("problem" in read) throw new ToolError(read.problem.text);
      const known = { input: read.input, done };
      return await withDeadline(spec, context, (limited) => takeBack(definition, known, limited));
    },
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
    ...(definition.readsWhere !== undefined && { readsWhere: definition.readsWhere }),
    ...(definition.compensate !== undefined && { compensates: true as const }),
  });
}

type Read<Input> = { readonly input: Input } | { readonly problem: ToolOutput };

async function readInput<Input extends z.ZodObject>(
  { name, input }: ToolDefinition<Input>,
  rawInput: unknown,
): Promise<Read<z.output<Input>>> {
  // An argument that the schema doesn't know is a mistake to tell, not one to pass over in silence.
  const schema = input.def.catchall === undefined ? input.strict() : input;
  let parsed: Awaited<ReturnType<typeof schema.safeParseAsync>>;
  try {
    parsed = await schema.safeParseAsync(rawInput);
  } catch (error) {
    // Refinements and transforms are the author's code.
    return { problem: { ...toolFailure(error), effect: "none" } };
  }
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 10).map(({ path, message }) => {
      const where = path.map(String).join(".");
      return where === "" ? message : `${where}: ${message}`;
    });
    const known = Object.keys(input.shape).join(", ") || "no arguments";
    const problem = failureText(
      `The arguments of ${name} don't match its schema. ${problems.join("; ")}`,
      `Call ${name} again with arguments that match. It takes: ${known}.`,
      "none",
    );
    return { problem };
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- strict() only adds a check
  return { input: parsed.data as z.output<Input> };
}

async function executeOnce<Input extends z.ZodObject>(
  definition: AnyDefinition<Input>,
  input: z.output<Input>,
  context: ToolContext,
): Promise<ToolResult> {
  const { effect } = definition;
  if (context.attempt > 1 && effect === "once") return outcomeUnknown(definition.name);
  if (context.attempt > 1 && effect === "verifiable") {
    const found = await definition.verify?.(input, context);
    if (found?.kind === "happened") return toolOutput(found.result);
    if (found?.kind !== "absent") return outcomeUnknown(definition.name);
  }
  const { name, questions } = definition;
  const asking = { name, questions: (known: ToolContext) => questions?.(input, known) ?? {} };
  const asked = await askBefore(asking, context);
  if (!("answers" in asked)) return asked;
  const value = await definition.execute(input, { ...context, answers: asked.answers });
  return OutputStream.isOne(value) ? streamedOutput(await value.finish()) : toolOutput(value);
}

function outcomeUnknown(name: string): ToolOutput {
  return failureText(
    `The outcome of ${name} is unknown: an attempt was lost, and it may or may not have taken effect.`,
    "Don't call it again with the same arguments. Find out by other means, or say that it is unknown.",
  );
}

async function answerInTime(
  spec: ToolSpec,
  context: ToolContext,
  act: (limited: ToolContext) => Promise<ToolResult>,
): Promise<ToolResult> {
  try {
    return await withDeadline(spec, context, act);
  } catch (error) {
    context.signal.throwIfAborted();
    return answerTo(error, spec, context);
  }
}

/** Throws where a retry is wanted and left. */
function answerTo(
  error: unknown,
  { name, timeoutMs, attemptsMax, effect }: ToolSpec,
  { attempt }: ToolContext,
): ToolOutput {
  const mayHaveHappened = effect === "once" || effect === "verifiable";
  if (TimeIsOver.isOne(error)) {
    if (mayHaveHappened) return outcomeUnknown(name);
    const advice = "Ask for less at once, or go on without this tool.";
    return failureText(`${name} gave no answer within ${timeoutMs} ms.`, advice);
  }
  const told = toolErrorOf(error);
  if (told !== null) {
    const { message, suggestion, retryable } = told;
    if (retryable && attempt < attemptsMax) throw new ToolError(message, { retryable });
    // Of attempts that were lost before it knows nothing.
    return failureText(message, suggestion ?? OTHERWISE, attempt > 1 ? "unknown" : told.effect);
  }
  const advice = "It may have taken effect all the same: check before you call it again.";
  return toolFailure(error, mayHaveHappened ? advice : undefined);
}

class TimeIsOver extends Error {
  readonly #isOurs = true;

  /** Asks nothing of the value, which may be a trap. */
  static isOne(thrown: unknown): boolean {
    return typeof thrown === "object" && thrown !== null && #isOurs in thrown && thrown.#isOurs;
  }
}

async function withDeadline<T>(
  { timeoutMs }: ToolSpec,
  context: ToolContext,
  act: (limited: ToolContext) => Promise<T>,
): Promise<T> {
  const outer = context.signal;
  outer.throwIfAborted();
  const deadline = startDeadline(outer, timeoutMs);
  try {
    return await Promise.race([act({ ...context, signal: deadline.signal }), deadline.givenUp]);
  } catch (error) {
    outer.throwIfAborted();
    if (deadline.hasPassed()) throw new TimeIsOver(`no answer within ${timeoutMs} ms`);
    throw error;
  } finally {
    deadline.clear();
  }
}
