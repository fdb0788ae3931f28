// Tells the operator's webhook that a call waits for a person: for their word on it, or for what its tool asks. Signed as Standard Webhooks describes
// it, so that the receiver can tell it from anybody else's. A receiver that fails is tried again; the
// run does not wait for it.

import { createHmac } from "node:crypto";
import type { PendingApproval } from "../src/domain/approval.ts";
import type { PendingQuestions } from "../src/domain/question.ts";
import { callKeyOf } from "../src/domain/tool-call.ts";
import { thisAttempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";

export interface NotifyApprovalInput {
  readonly tenant: string;
  readonly agent: string;
  readonly session: string;
  readonly pending: PendingApproval | PendingQuestions;
}

const ANSWER_TIMEOUT_MS = 10_000;

export function createNotifyApproval({ config, telemetry, fetch }: ActivityDeps) {
  return async function notifyApproval(input: NotifyApprovalInput): Promise<void> {
    const { runId, attempt, signal } = thisAttempt();
    const { webhookUrl: url, webhookSecret: secret } = config.approvals;
    if (url === undefined) return;
    const { pending, tenant, agent, session } = input;
    const body = JSON.stringify({
      type: "round" in pending ? "question.asked" : "approval.requested",
      runId,
      tenant,
      agent,
      session,
      ...pending,
    });
    const call = callKeyOf(runId, pending.callId);
    const id = "round" in pending ? `${call}/${pending.round}` : call;
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...signed({ id, body, secret }) },
      body,
      // An operator names one address; where else it points is not for the receiver to say.
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    }).catch((error: unknown) => {
      throw notTold(error instanceof Error ? error.message : String(error), error);
    });
    await response.body?.cancel();
    if (!response.ok) throw notTold(`it answered ${response.status}`);
    const { callId, tool } = pending;
    telemetry.emit({ event: "approval_notified", runId, tenant, callId, tool, attempt });
  };
}

/** No error of the catalogue: whatever the receiver has against it, it is tried again. */
function notTold(why: string, cause?: unknown): Error {
  return new Error(`The webhook was not told: ${why}`, { cause });
}

interface Signing {
  readonly id: string;
  readonly body: string;
  readonly secret: string | undefined;
}

/** Standard Webhooks 1.0: HMAC-SHA256 of `id.timestamp.body`. */
export function signed(
  { id, body, secret }: Signing,
  nowS = Math.floor(Date.now() / 1000),
): Record<string, string> {
  const headers = { "webhook-id": id, "webhook-timestamp": String(nowS) };
  if (secret === undefined) return headers;
  const key = secret.startsWith("whsec_")
    ? Buffer.from(secret.slice("whsec_".length), "base64")
    : Buffer.from(secret);
  const mac = createHmac("sha256", key).update(`${id}.${nowS}.${body}`).digest("base64");
  return { ...headers, "webhook-signature": `v1,${mac}` };
}
