// A tool of a server, as the run has it pinned. What can go wrong there is an answer to the model, and says what is
// known of what the call did.

import type { PinnedTool, ToolOrigin } from "../../src/domain/tool.ts";
import { scrubbing } from "../../src/domain/scrub.ts";
import { callTool, type CallOutcome } from "../../src/mcp/call-tool.ts";
import type { Pool } from "../../src/mcp/pool.ts";
import type { McpServer } from "../../src/mcp/server-config.ts";
import { startDeadline } from "../tools/deadline.ts";
import type { Tool, ToolContext } from "../tools/define-tool.ts";
import { ToolError } from "../tools/tool-error.ts";
import { failureText, toolOutput } from "../tools/tool-output.ts";
import type { ToolResult } from "../tools/tool-questions.ts";

export type PinnedMcpTool = PinnedTool & { readonly origin: ToolOrigin };

export function mcpTool(server: McpServer, pinned: PinnedMcpTool, pool: Pool): Tool {
  return {
    // What it is told of itself is the run's to know.
    spec: { ...pinned, description: "", inputSchema: {} },
    async run(rawInput, context) {
      const { attempt, signal } = context;
      signal.throwIfAborted();
      if (attempt > 1 && pinned.effect === "once")
        return outcomeUnknown(pinned.name, "an attempt was lost");
      const deadline = startDeadline(signal, pinned.timeoutMs);
      const call = { server, pinned, pool, context: { ...context, signal: deadline.signal } };
      try {
        const outcome = await Promise.race([made(call, rawInput), deadline.givenUp]);
        return resultOf(outcome, pinned, attempt);
      } catch (error) {
        signal.throwIfAborted();
        if (!deadline.hasPassed()) throw error;
        const why = `there was no answer within ${pinned.timeoutMs} ms`;
        return resultOf({ kind: "unknown", why }, pinned, attempt);
      } finally {
        deadline.clear();
      }
    },
  };
}

interface Call {
  readonly server: McpServer;
  readonly pinned: PinnedMcpTool;
  readonly pool: Pool;
  readonly context: ToolContext;
}

async function made(call: Call, rawInput: unknown): Promise<CallOutcome> {
  const outcome = await overOneConnection(call, rawInput);
  if (outcome.kind !== "notMade" || !outcome.isLost) return outcome;
  // The server has died, or has forgotten us: nothing has happened, and there may be another.
  call.context.signal.throwIfAborted();
  return await overOneConnection(call, rawInput);
}

async function overOneConnection(
  { server, pinned, pool, context }: Call,
  rawInput: unknown,
): Promise<CallOutcome> {
  const { tenant, signal, progress, answers, resume } = context;
  try {
    return await pool.use(server, tenant, async (held) => {
      const token = held.connection.secret();
      const scrub = scrubbing([...server.secrets, ...(token === null ? [] : [token])]);
      const outcome = await callTool(held, {
        origin: pinned.origin,
        args: argumentsIn(rawInput),
        answers,
        resume,
        timeoutMs: pinned.timeoutMs,
        signal,
        onProgress: (text, share) => progress(scrub(text), share),
      });
      if (outcome.kind === "notMade" && outcome.isLost) held.drop();
      return scrubbed(outcome, scrub);
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "notMade", why: scrubbing(server.secrets)(why), isLost: false };
  }
}

function argumentsIn(rawInput: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof rawInput === "object" && rawInput !== null && !Array.isArray(rawInput);
  return isObject ? Object.fromEntries(Object.entries(rawInput)) : {};
}

/** What it keeps for itself is as it was: nobody is shown it. */
function scrubbed(outcome: CallOutcome, scrub: (text: string) => string): CallOutcome {
  switch (outcome.kind) {
    case "answered":
      return { ...outcome, text: scrub(outcome.text) };
    case "asks":
      return {
        ...outcome,
        questions: outcome.questions.map((it) => ({ ...it, text: scrub(it.text) })),
      };
    default:
      return { ...outcome, why: scrub(outcome.why) };
  }
}

/** Throws where a retry is wanted and left. */
function resultOf(
  outcome: CallOutcome,
  { name, effect, origin, attemptsMax }: PinnedMcpTool,
  attempt: number,
): ToolResult {
  switch (outcome.kind) {
    case "answered": {
      const output = toolOutput(outcome.text);
      if (!outcome.isError) return output;
      return { ...output, isError: true, effect: effect === "pure" ? "none" : "unknown" };
    }
    case "asks":
      return outcome;
    case "notMade":
      return failureText(
        `${name} was not called: ${outcome.why}.`,
        "Try it again later or with other arguments, or go on without this tool.",
        attempt > 1 ? "unknown" : "none",
      );
    case "changed":
      return failureText(
        `${name} has changed since this run began, and was not called: ${outcome.why} (the tool ${origin.tool} of the server ${origin.server}).`,
        "Go on without this tool. A run that begins now is told of it as it is.",
        attempt > 1 ? "unknown" : "none",
      );
    case "unknown":
      if (effect === "once" || effect === "verifiable") return outcomeUnknown(name, outcome.why);
      if (attempt < attemptsMax) throw new ToolError(outcome.why, { retryable: true });
      return failureText(`${name} failed: ${outcome.why}.`, "Go on without this tool.");
  }
}

function outcomeUnknown(name: string, why: string): ToolResult {
  return failureText(
    `The outcome of ${name} is unknown: ${why}. It may or may not have taken effect.`,
    "Don't call it again with the same arguments. Find out by other means, or say that it is unknown.",
  );
}
