// The tool calls of one reply. What each may do is settled once, when the reply is folded, in the order in
// which the model made them; then each comes to exactly one answer.
//
//   R3. Every tool call gets exactly one answer, in the order in which the model asked.
//   R4. A tool that fails is an answer to the model, never the end of the run.

import type { Ruling } from "../approval.ts";
import type { Entry, Reply } from "../call.ts";
import { fittingText } from "../json-size.ts";
import { circumstancesOf } from "../gate/circumstances.ts";
import type { GatedCall, Verdict } from "../gate/gate-rule.ts";
import { verdictOn } from "../gate/guardrail.ts";
import { isDenied } from "../gate/policy-layers.ts";
import { toolAnswer } from "../message.ts";
import { whyWithheld } from "../permission.ts";
import type { ToolCall, ToolSpec } from "../tool.ts";
import { limitsNow } from "./counts.ts";
import type { RunFact, ToolLost } from "./facts.ts";
import { begun, questioned } from "./questions.ts";
import { fateOfCalls } from "./reply-calls.ts";
import { toolIn, type Snapshot } from "./snapshot.ts";
import type { CallStage, CallState, Memory, RunState } from "./state.ts";

type Answered = Extract<CallStage, { kind: "answered" }>;

/** What becomes of each call before any of them begins. */
export function settledCalls(memory: Memory, reply: Reply): readonly CallState[] {
  let left = limitsNow(memory).toolCalls - memory.counts.toolCalls;
  return reply.toolCalls.map((call) => {
    const tool = toolNamed(memory, call.name);
    const unusable = whyUnusable(memory, reply, call);
    if (unusable !== null || tool === undefined)
      return { ...call, ...(unusable ?? unknown(memory, call)) };
    if (left <= 0) return { ...call, ...problem(call, TOO_MANY, GO_ON) };
    const stage = cleared(memory, reply, { call, tool });
    // One who waits for a person keeps its place.
    if (stage.kind !== "answered") left -= 1;
    return { ...call, ...stage };
  });
}

const TOO_MANY = "The run's limit on tool calls is reached.";
const NAMES_BYTES_MAX = 1500;
const GO_ON = "Answer with what you have.";

function toolNamed({ snapshot }: Memory, name: string): ToolSpec | undefined {
  return toolIn(snapshot, name);
}

function whyUnusable({ snapshot }: Memory, reply: Reply, call: ToolCall): Answered | null {
  if (reply.invalidCalls.includes(call.callId)) {
    return problem(call, "The arguments were not a valid JSON object.", "Call again.");
  }
  const reason = whyForbidden(snapshot, call.name);
  return reason === null ? null : denied(call, reason);
}

/** Of names that the model was not offered, too: why not. */
function whyForbidden({ permission, policy }: Snapshot, name: string): string | null {
  const withheld = whyWithheld(permission, name);
  if (withheld !== null) return withheld;
  return isDenied(name, policy) ? `the policy of this run denies ${name}` : null;
}

function unknown({ snapshot }: Memory, call: ToolCall): Answered {
  const { tools, standInTools = [] } = snapshot;
  const names = [...tools, ...standInTools].map(({ name }) => name).join(", ");
  const known = fittingText(names || "none", NAMES_BYTES_MAX, "…");
  return problem(call, `There is no tool named ${call.name}.`, `There are: ${known}.`);
}

interface Denied {
  readonly call: ToolCall;
  readonly verdict: Verdict["kind"];
  readonly reason: string;
}

/** Calls that the guardrail refuses, with its reasons: told to the log. */
export function deniedCalls(memory: Memory, reply: Reply): readonly Denied[] {
  return reply.toolCalls.flatMap((call) => {
    const tool = toolNamed(memory, call.name);
    const forbidden = whyForbidden(memory.snapshot, call.name);
    if (forbidden !== null) return [{ call, verdict: "denied", reason: forbidden }];
    if (tool === undefined || reply.invalidCalls.includes(call.callId)) return [];
    const { kind, reason } = judged(memory, reply, { call, tool });
    return kind === "allowed" || kind === "ask" ? [] : [{ call, verdict: kind, reason }];
  });
}

function judged(memory: Memory, reply: Reply, gated: GatedCall): Verdict {
  return verdictOn(gated, circumstancesOf(memory, reply));
}

function cleared(memory: Memory, reply: Reply, gated: GatedCall): CallStage {
  const { call } = gated;
  const { kind, reason } = judged(memory, reply, gated);
  switch (kind) {
    case "allowed":
      return { kind: "cleared", clearance: { verdict: "allowed", reason } };
    case "ask":
      return { kind: "toAsk", reason };
    case "denied":
      return denied(call, reason);
    case "cost_cap_exceeded":
      return problem(call, `This call was not executed: ${reason}.`, GO_ON);
  }
}

function denied(call: ToolCall, reason: string): Answered {
  return problem(
    call,
    `This call is not allowed: ${reason}. It was not executed.`,
    "Go on without this tool, and say what could not be done.",
  );
}

/** Of a reply none of whose calls will be executed: all of their answers; null of any other. */
export function refusedCalls(memory: Memory, reply: Reply): readonly CallState[] | null {
  const fate = fateOfCalls(reply);
  if (fate === "cut") {
    return reply.toolCalls.map((call) => ({ ...call, ...problem(call, WAS_CUT, SHORTER) }));
  }
  if (fate !== "due") return null;
  const calls = settledCalls(memory, reply);
  return areAnswered(calls) ? calls : null;
}

/** Calls that come to their answer with the reply itself, as nobody executes them. */
export function answeredAtOnce(memory: Memory, reply: Reply): readonly CallState[] {
  const refused = refusedCalls(memory, reply);
  if (refused !== null) return refused;
  if (fateOfCalls(reply) !== "due") return [];
  return settledCalls(memory, reply).filter(({ kind }) => kind === "answered");
}

const WAS_CUT = "The call was cut by the limit on reply length.";
const SHORTER = "Call again, with shorter arguments.";

/** The calls as they stand behind the fact; null where it says nothing of them. */
export function callsWith({ phase, memory }: RunState, fact: RunFact): readonly CallState[] | null {
  if (phase.kind !== "answering" || memory === null) return null;
  const { calls } = phase;
  switch (fact.kind) {
    case "toolBegan":
      return changed(calls, fact.callId, (call) =>
        call.kind === "cleared" ? running(call) : null,
      );
    case "toolEnded": {
      const { ref, found } = fact;
      return changed(calls, fact.callId, (call) =>
        begun(call) === null ? null : { kind: "answered", entry: { ref }, found },
      );
    }
    case "toolLost":
      return changed(calls, fact.callId, (call) =>
        begun(call) === null ? null : lost(memory, call, fact),
      );
    case "personAsked":
      return fact.pending.reduce<readonly CallState[]>(
        (all, pending) =>
          changed(all, pending.callId, (call) =>
            call.kind === "toAsk" ? { kind: "asked", pending } : null,
          ),
        calls,
      );
    case "ruled":
      return changed(calls, fact.callId, (call) =>
        call.kind === "asked" ? ruledOn(call, fact.ruling) : null,
      );
    case "toolAsked":
    case "questionsAnswered":
      return changed(calls, fact.callId, (call) => questioned(call, fact));
    case "questionsPut":
      return fact.pending.reduce<readonly CallState[]>(
        (all, { callId }) => changed(all, callId, (call) => questioned(call, fact)),
        calls,
      );
    default:
      return null;
  }
}

function changed(
  calls: readonly CallState[],
  callId: string,
  change: (call: CallState) => CallStage | null,
): readonly CallState[] {
  return calls.map((call) => {
    const stage = call.callId === callId ? change(call) : null;
    return stage === null ? call : { ...bare(call), ...stage };
  });
}

function bare({ callId, toolUseId, name, preview, argsDigest }: CallState): ToolCall {
  return { callId, toolUseId, name, preview, argsDigest };
}

function running({ clearance, heard }: Extract<CallState, { kind: "cleared" }>): CallStage {
  return { kind: "running", clearance, ...(heard !== undefined && { heard }) };
}

export function areAnswered(calls: readonly CallState[]): boolean {
  return calls.every(({ kind }) => kind === "answered");
}

export function answersIn(calls: readonly CallState[]): {
  entries: readonly Entry[];
  findings: string;
} {
  const answers = calls.filter((call) => call.kind === "answered");
  return {
    entries: answers.map(({ entry }) => entry),
    findings: answers.map(({ found }) => found).join("\n"),
  };
}

function ruledOn(call: Extract<CallState, { kind: "asked" }>, ruling: Ruling): CallStage {
  const { by, reason, editedInput } = ruling;
  const { argsDigest, reason: asked, deadlineAt } = call.pending;
  if (ruling.verdict === "approved") {
    return {
      kind: "cleared",
      clearance: {
        verdict: "approved",
        reason: reason ?? asked,
        argsDigest,
        ...(by === null ? {} : { by }),
        ...(editedInput === undefined ? {} : { editedInput }),
      },
    };
  }
  if (ruling.verdict === "expired") {
    return problem(
      call,
      `Nobody approved this call until ${deadlineAt}; silence is a denial. It was not executed.`,
      "Go on without it, and say what was not done.",
    );
  }
  return problem(
    call,
    `${by ?? "A person"} denied this call${reason === null ? "" : `: ${reason}`}. It was not executed.`,
    "Don't repeat it as it was. Heed the reason, or go on without it and say so.",
  );
}

/** The worker died or the time was over: what the tool did is known only if it does nothing. */
function lost(memory: Memory, call: ToolCall, { code, message }: ToolLost): Answered {
  const effect = toolNamed(memory, call.name)?.effect;
  if (effect === "once" || effect === "verifiable") {
    return problem(
      call,
      `The outcome of this call is unknown: ${message}. It was not repeated.`,
      "Find out whether it took effect before you call again, or tell the user.",
    );
  }
  return problem(call, `The tool failed: ${code} ${message}`, "Try another way.");
}

function problem({ toolUseId }: ToolCall, error: string, suggestion: string): Answered {
  const message = toolAnswer(toolUseId, JSON.stringify({ error, suggestion }), true);
  return { kind: "answered", entry: { message }, found: "" };
}
