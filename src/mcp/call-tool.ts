// One call of a tool on its server, and what came of it in words of ours: an answer, a question to a person, or a
// failure that says whether anything may have happened. The tool is looked at first: one that has become another since
// the run was told of it is not called.

import {
  isInputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  type CallToolResult,
  type InputRequiredResult,
} from "@modelcontextprotocol/client";
import type { Answers, Question } from "../domain/question.ts";
import type { ToolOrigin } from "../domain/tool.ts";
import type { CallOptions } from "./connection.ts";
import { isTooDeep } from "./offered-tool.ts";
import { toolNamed, type Held } from "./pool.ts";
import { resultText } from "./result-text.ts";
import { askedBy, resumedWith, type Resumed } from "./server-questions.ts";
import { toolDigest } from "./tool-digest.ts";

export type CallOutcome =
  | { readonly kind: "answered"; readonly text: string; readonly isError: boolean }
  | { readonly kind: "asks"; readonly questions: readonly Question[]; readonly resume: string }
  /** Nothing has happened; `isLost`: over this connection nothing will. */
  | { readonly kind: "notMade"; readonly why: string; readonly isLost: boolean }
  | { readonly kind: "changed"; readonly why: string }
  /** It may have happened. */
  | { readonly kind: "unknown"; readonly why: string };

export interface CallTerms extends Omit<CallOptions, "answers"> {
  readonly origin: ToolOrigin;
  readonly args: Readonly<Record<string, unknown>>;
  readonly answers: Answers;
  /** What an execution before this one gave along with its questions. */
  readonly resume: string | null;
}

const ROUNDS_MAX = 10;

export async function callTool(held: Held, terms: CallTerms): Promise<CallOutcome> {
  const { origin, resume, answers, timeoutMs } = terms;
  let tool;
  try {
    tool = toolNamed(await held.list(timeoutMs), origin.tool);
  } catch (error) {
    return { kind: "notMade", why: whyFailed(error, held), isLost: true };
  }
  if (tool === null) return { kind: "changed", why: "the server has it no more" };
  if (isTooDeep(tool.inputSchema) || toolDigest(tool) !== origin.digest)
    return { kind: "changed", why: "the server describes it in another way now" };
  let resumed = resume === null ? null : resumedWith(resume, answers);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const came = await asked(held, terms, { tool, resumed });
    if (!("again" in came)) return came;
    resumed = came.again;
  }
  return { kind: "unknown", why: `it wanted to be called again more than ${ROUNDS_MAX} times` };
}

interface Asking {
  readonly tool: NonNullable<ReturnType<typeof toolNamed>>;
  readonly resumed: Resumed | null;
}

async function asked(
  held: Held,
  { origin, args, timeoutMs, signal, onProgress }: CallTerms,
  { tool, resumed }: Asking,
): Promise<CallOutcome | { readonly again: Resumed }> {
  let result: CallToolResult | InputRequiredResult;
  try {
    result = await held.connection.call(tool, args, {
      ...{ timeoutMs, signal, onProgress },
      ...(resumed === null ? {} : { answers: resumed }),
    });
  } catch (error) {
    return failed(error, held);
  }
  if (!isInputRequiredResult(result))
    return { kind: "answered", text: resultText(result), isError: result.isError === true };
  const wants = askedBy(origin.server, result);
  switch (wants.kind) {
    case "asks":
      return wants;
    case "again":
      return { again: { responses: {}, state: wants.state } };
    case "impossible":
      return { kind: "notMade", why: `it ${wants.why}`, isLost: false };
  }
}

/** By these a server says that it has not begun. */
const NOT_BEGUN: readonly number[] = [
  ProtocolErrorCode.MethodNotFound,
  ProtocolErrorCode.InvalidParams,
  ProtocolErrorCode.InvalidRequest,
];

function failed(error: unknown, held: Held): CallOutcome {
  const why = whyFailed(error, held);
  if (error instanceof ProtocolError && NOT_BEGUN.includes(error.code))
    return { kind: "notMade", why, isLost: false };
  // The session has ended: what was sent in it was not heard.
  if (error instanceof SdkHttpError && error.status === 404)
    return { kind: "notMade", why, isLost: true };
  return { kind: "unknown", why };
}

const WHY_CHARS_MAX = 1500;

function whyFailed(error: unknown, { connection }: Held): string {
  const why = error instanceof Error ? error.message : String(error);
  const isClosed = error instanceof SdkError && error.code === SdkErrorCode.ConnectionClosed;
  const words = isClosed ? connection.lastWords() : "";
  return (words === "" ? why : `the server ended: ${words}`).slice(0, WHY_CHARS_MAX);
}
