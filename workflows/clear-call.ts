// May this call be made? The guardrail says, or a person whom it wants asked. What is refused is
// answered to the model in words.

import { CancellationScope, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import type { PendingApproval } from "../src/domain/approval.ts";
import { isDenied, verdictOn } from "../src/domain/guardrail.ts";
import type { Clearance } from "../src/domain/run.ts";
import { limitsNow } from "../src/domain/run-state.ts";
import type { ToolCall, ToolSpec } from "../src/domain/tool.ts";
import { notifying } from "./activity-options.ts";
import type { Ruling } from "./approvals.ts";
import type { Run } from "./run.ts";
import { summaryOf } from "./run-view.ts";
import { tell } from "./tell.ts";

/** Where a run's terms say nothing: those of runs that were opened before there were approvals. */
const TIMEOUT_MS_DEFAULT = 86_400_000;

export type Cleared = { readonly kind: "cleared"; readonly clearance: Clearance } | Refused;

export interface Refused {
  readonly kind: "refused";
  readonly why: string;
  readonly suggestion: string;
}

/** Of a name that the model was not offered, and that the policy knows. */
export function deniedByName({ state }: Run, { name, callId }: ToolCall): Refused | null {
  if (!isDenied(name, state.snapshot.policy)) return null;
  const reason = `the policy of this run denies ${name}`;
  tell({ event: "tool_denied", turn: state.turn, tool: name, callId, reason });
  return denied(reason);
}

/** A promise only where a person is asked: what is allowed begins at once, in the order of the calls. */
export function clearCall(run: Run, call: ToolCall, tool: ToolSpec): Cleared | Promise<Cleared> {
  const { state } = run;
  const { kind, reason } = verdictOn(tool, {
    policy: state.snapshot.policy,
    alwaysApproved: state.alwaysApproved ?? [],
    spentMicroUsd: state.spentMicroUsd,
    costCapMicroUsd: limitsNow(state).costMicroUsd,
  });
  if (kind === "allowed") return { kind: "cleared", clearance: { verdict: "allowed", reason } };
  if (kind === "ask") return askPerson(run, { call, tool, reason });
  const { turn } = state;
  const { callId } = call;
  tell({ event: "tool_denied", turn, tool: tool.name, callId, verdict: kind, reason });
  return kind === "denied" ? denied(reason) : unpaid(reason);
}

interface Asking {
  readonly call: ToolCall;
  readonly tool: ToolSpec;
  readonly reason: string;
}

async function askPerson(run: Run, { call, tool, reason }: Asking): Promise<Cleared> {
  const { state, desk } = run;
  const { callId, preview, argsDigest } = call;
  // Only a reply of a worker that knew of no approvals has none.
  if (argsDigest === undefined) return denied("its arguments could not be shown to a person");
  const terms = state.snapshot.approvals ?? { timeoutMs: TIMEOUT_MS_DEFAULT, webhook: false };
  const now = Date.now();
  const pending: PendingApproval = {
    callId,
    tool: tool.name,
    turn: state.turn,
    preview,
    argsDigest,
    reason,
    requestedAt: new Date(now).toISOString(),
    deadlineAt: new Date(now + terms.timeoutMs).toISOString(),
  };
  const telling = new CancellationScope();
  if (terms.webhook) void telling.run(() => notify(run, pending));
  const ruling = await desk.ask(pending, state);
  telling.cancel();
  if (ruling.verdict !== "approved") return refusedBy(ruling, pending);
  if (ruling.always) {
    state.alwaysApproved = [...new Set([...(state.alwaysApproved ?? []), tool.name])];
  }
  const { by, reason: why, editedInput } = ruling;
  return {
    kind: "cleared",
    clearance: {
      verdict: "approved",
      reason: why ?? reason,
      argsDigest,
      ...(by === null ? {} : { by }),
      ...(editedInput === undefined ? {} : { editedInput }),
    },
  };
}

/** Beside the wait: nobody waits for it, and what becomes of it changes nothing. */
async function notify({ input, state }: Run, pending: PendingApproval): Promise<void> {
  const { notifyApproval } = proxyActivities<Activities>({
    ...notifying,
    summary: summaryOf(`turn ${state.turn}`, "webhook", pending.tool),
  });
  const { tenant, agent, session } = input;
  await notifyApproval({ tenant, agent, session, pending }).catch(() => undefined);
}

function refusedBy({ verdict, by, reason }: Ruling, { deadlineAt }: PendingApproval): Refused {
  if (verdict === "expired") {
    return {
      kind: "refused",
      why: `Nobody approved this call until ${deadlineAt}; silence is a denial. It was not executed.`,
      suggestion: "Go on without it, and say what was not done.",
    };
  }
  const who = by ?? "A person";
  const why = reason === null ? "" : `: ${reason}`;
  return {
    kind: "refused",
    why: `${who} denied this call${why}. It was not executed.`,
    suggestion: "Don't repeat it as it was. Heed the reason, or go on without it and say so.",
  };
}

function denied(reason: string): Refused {
  return {
    kind: "refused",
    why: `This call is not allowed: ${reason}. It was not executed.`,
    suggestion: "Go on without this tool, and say what could not be done.",
  };
}

function unpaid(reason: string): Refused {
  return {
    kind: "refused",
    why: `This call was not executed: ${reason}.`,
    suggestion: "Answer with what you have.",
  };
}
