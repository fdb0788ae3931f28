// Looks whether a call in the provider's batches has its reply, and settles it like any other: journal, real
// cost and transcript in one transaction (M3), adopted where that was done before (M1). What the provider
// says it did not answer is free; what nobody knows costs its hold (M4), and so does a batch that is left
// before it ended (M5).

import type { Look, LookResult, Unserved } from "../../src/domain/call.ts";
import { providerDiffers } from "../../src/domain/provider.ts";
import type { ActivityDeps } from "../deps.ts";
import { batchLane } from "./batch-lane.ts";
import { boundsOf } from "./bounds.ts";
import { attemptAt, type CallAttempt } from "./call-attempt.ts";
import { logUnserved } from "./call-log.ts";
import type { Found, Sought } from "./lane.ts";
import { conversationOf } from "./conversation.ts";
import { requestOf } from "./purposes.ts";
import { promptBoundOf } from "./room.ts";
import { adopted, settle } from "./settle.ts";

export function createLookAtCall(deps: ActivityDeps) {
  return async function lookAtCall({ call, ...sought }: Look): Promise<LookResult> {
    const { callKey, attempt } = sought.ticket;
    const as = { call, ticket: { callKey, attempt } };
    return await attemptAt(deps, as, (at) => lookOnce(at, sought));
  };
}

async function lookOnce(
  at: CallAttempt,
  { ticket, giveUp }: Omit<Look, "call">,
): Promise<LookResult> {
  const state = await at.money.submission();
  const { reply, crashTaxMicroUsd, attempts } = state;
  if (reply !== null) return adopted({ reply, crashTaxMicroUsd, attempts });
  if (state.state !== "held") {
    const message = "its hold was resolved before";
    return unserved(at, { code: "BATCH_LOST", message, crashTaxMicroUsd });
  }
  const providerBatchId = ticket.providerBatchId ?? state.providerBatchId;
  const found = await foundBy(at, { ticket, giveUp, providerBatchId });
  if (found.kind === "pending" && !giveUp) return found;
  if (found.kind === "replied") {
    const conversation = await conversationOf(at);
    const request = requestOf(at.attempt.runId, at.call, conversation);
    const promptTokensMax = promptBoundOf({ ...at, conversation, request });
    const bounds = boundsOf({ ...at, conversation }, request, { promptTokensMax }, state);
    return await settle(at, conversation, { ...found, held: state, bounds, latencyMs: 0 });
  }
  return await ended(at, found, state);
}

/** Only the provider that took the batch knows of it: to another it is none, and would be taken for lost. */
async function foundBy(at: CallAttempt, sought: Sought): Promise<Found> {
  const { snapshot } = await conversationOf(at);
  const message = providerDiffers(snapshot.provider, at.deps.provider);
  return message === null ? await batchLane.look(at, sought) : { kind: "pending", message };
}

async function ended(
  at: CallAttempt,
  found: Exclude<Found, { kind: "replied" }>,
  { crashTaxMicroUsd, heldMicroUsd }: { crashTaxMicroUsd: number; heldMicroUsd: number },
): Promise<Unserved> {
  const { message } = found;
  if (found.kind === "free") {
    await at.money.release({ sent: true });
    return unserved(at, { code: found.code, message, crashTaxMicroUsd });
  }
  await at.money.lose();
  const code = found.kind === "lost" ? "BATCH_LOST" : "BATCH_LEFT";
  return unserved(at, { code, message, crashTaxMicroUsd: crashTaxMicroUsd + heldMicroUsd });
}

function unserved(at: CallAttempt, why: Omit<Unserved, "kind">): Unserved {
  const result = { kind: "unserved", ...why } as const;
  logUnserved(at, result);
  return result;
}
