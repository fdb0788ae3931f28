// What a run decides and what becomes of it, but for its model calls (call-events.ts). Workflow code
// tells those of approvals itself, and imports types alone: how they read is decided in the worker.

import type { DecidedApproval } from "../domain/approval.ts";
import type { Verdict } from "../domain/gate/gate-rule.ts";
import type { RuleByTool } from "../domain/gate/policy-layers.ts";
import type { TakenBack } from "../domain/effect.ts";
import type { Limit, Outcome } from "../domain/outcome.ts";
import type { Permission } from "../domain/permission.ts";
import type { Clearance } from "../domain/tool-call.ts";
import { alert, info, warn, type Tellings } from "./telling.ts";

interface AboutRun {
  readonly runId: string;
}

interface AboutTool extends AboutRun {
  readonly turn: number;
  readonly tool: string;
  readonly callId: string;
}

interface ToolCalled extends AboutTool, Partial<Pick<Clearance, "verdict" | "reason" | "by">> {
  readonly attempt: number;
  /** A person put other arguments in place of the model's. */
  readonly edited?: boolean;
}

interface EndOfRun extends AboutRun {
  readonly traceId: string;
  readonly tenant: string;
  readonly session: string;
  readonly agent: string;
  readonly outcome: Outcome["kind"];
  readonly limit?: Limit;
  readonly code?: string;
  readonly turns: number;
  readonly toolCalls: number;
  readonly costMicroUsd: number;
  readonly crashTaxMicroUsd: number;
  readonly modelAttempts: number;
  readonly latencyMs: number;
}

interface NotStored extends AboutRun {
  readonly error: unknown;
}

export interface RunEvents {
  run_start: AboutRun & {
    readonly traceId: string;
    readonly tenant: string;
    readonly session: string;
    readonly agent: string;
    readonly model: string;
    readonly tools: readonly string[];
    readonly policy: RuleByTool | undefined;
    /** The lowest of caller and agent; absent where neither says. */
    readonly permission: Permission | undefined;
    readonly costCapMicroUsd: number | null;
  };
  run_end: EndOfRun;
  /** The end of a run that a limit stopped, but for that of the clock. */
  budget_exceeded: EndOfRun;
  transcript_rebuilt: AboutRun & { readonly messages: number };

  tool_call: ToolCalled;
  tool_retry: ToolCalled;
  tool_result: AboutTool & {
    readonly isError: boolean;
    readonly bytes: number;
    readonly latencyMs: number;
    readonly attempt: number;
  };
  /** What a call did was taken back, or was not there. */
  tool_compensated: AboutTool & {
    readonly undo: TakenBack["kind"];
    readonly attempt: number;
    readonly latencyMs: number;
  };
  /** It stands, and somebody may have to undo it by hand. */
  tool_not_compensated: AboutTool & { readonly problem: string };
  file_trouble: AboutRun & {
    readonly tool: string;
    readonly dir: string | undefined;
    readonly error: unknown;
  };
  tool_denied: AboutTool & { readonly verdict?: Verdict["kind"]; readonly reason: string };
  artefact_lost: NotStored;
  answer_not_stored: NotStored;

  approval_requested: AboutTool & { readonly deadlineAt: string };
  approval_decided: AboutTool & Pick<DecidedApproval, "verdict" | "by" | "edited" | "always">;
  question_asked: AboutTool & { readonly round: number; readonly deadlineAt: string };
  /** Null where nobody answered in time. */
  question_answered: AboutTool & { readonly round: number; readonly by: string | null };
  approval_notified: AboutRun & {
    readonly tenant: string;
    readonly callId: string;
    readonly tool: string;
    readonly attempt: number;
  };

  /** Whoever may signal may send anything. */
  signal_ignored: AboutRun & { readonly signal: string; readonly problem: string };
}

export const RUN_TELLINGS: Tellings<RunEvents> = {
  run_start: () => info("a run begins"),
  run_end: () => info("the run ended"),
  budget_exceeded: () => info("the run ended"),
  transcript_rebuilt: () =>
    warn("the transcript was not in the store and was restored from the run's history"),

  tool_call: () => info("the model calls a tool"),
  tool_retry: () => info("the model calls a tool"),
  tool_result: ({ isError }) =>
    info(isError ? "the tool answered with an error" : "the tool answered"),
  tool_compensated: ({ undo }) =>
    info(undo === "undone" ? "what a call did was taken back" : "there was nothing to take back"),
  tool_not_compensated: () => alert(warn("what a call did could not be taken back, and stands")),
  file_trouble: ({ dir }) => warn(`a run can't use its folder for files, ${dir}`),
  tool_denied: () => info("a call was refused"),
  artefact_lost: () => warn("the rest can't be read later"),
  answer_not_stored: () => warn("the next reply brings it along"),

  approval_requested: () => info("a call waits for a person"),
  approval_decided: ({ verdict }) => info(`a call was ${verdict}`),
  question_asked: () => info("a tool asks a person"),
  question_answered: ({ by }) =>
    info(by === null ? "nobody answered a tool in time" : "a person answered a tool"),
  approval_notified: () => info("the webhook knows of the waiting call"),

  signal_ignored: ({ signal, problem }) => warn(`a signal ${signal} was passed over: ${problem}`),
};
