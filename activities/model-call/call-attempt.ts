// One attempt at one call of a model: who is at work, on what, and with what money. Every step of the
// pipeline is handed this, and those behind `prepare` what goes over the wire as well.

import type { ModelCall } from "../../src/domain/call.ts";
import type { Message } from "../../src/domain/message.ts";
import type { Snapshot } from "../../src/domain/run/snapshot.ts";
import type { ModelRequest } from "../../src/model/model.ts";
import type { Link, StoredMessage } from "../../src/store/transcripts.ts";
import { aborted, asFailures, keepBeating, type Attempt } from "../attempt.ts";
import type { ActivityDeps } from "../deps.ts";
import { beginAttempt } from "../begin-attempt.ts";
import { moneyFor, type Money } from "./money.ts";

export interface CallAttempt {
  readonly deps: ActivityDeps;
  readonly attempt: Attempt;
  readonly call: ModelCall;
  readonly money: Money;
  /** Charged for attempts at this call that died before this one. */
  readonly crashTaxMicroUsd: number;
}

export interface PreparedCall extends CallAttempt {
  readonly conversation: Conversation;
  readonly request: ModelRequest;
  readonly room: Room;
}

export interface Conversation {
  readonly snapshot: Snapshot;
  /** As the API wants it, neighbours of one role merged. */
  readonly messages: readonly Message[];
  readonly added: readonly Message[];
  /** Chain of the transcript with what is new. */
  readonly head: string;
  /** To be stored together with the reply. */
  readonly newBodies: readonly StoredMessage[];
  readonly newLinks: readonly Link[];
}

export interface Room {
  /** The prompt weighs at most this, whatever the tokenizer. */
  readonly promptTokensMax: number;
  /** True once the provider was asked to count it, whatever came of that. */
  readonly isCounted: boolean;
  /** What it weighs by all that is known. Holds rest on the bound, what is kept back on this. */
  readonly promptTokens: number;
  readonly replyTokensMax: number;
}

/**
 * Work on a call as an activity: alive to Temporal, and with errors that it understands. Where Temporal gives
 * it up it goes on, as the next attempt finds in the journal what it came to.
 */
export async function attemptAt<T>(
  deps: ActivityDeps,
  { call, ticket }: { readonly call: ModelCall; readonly ticket?: OwnTicket },
  work: (at: CallAttempt) => Promise<T>,
): Promise<T> {
  const begun = beginAttempt(deps.running, "goesOn");
  // Who looks for a reply acts for the attempt that submitted: it has the hold.
  const attempt: Attempt = { ...begun, ...ticket };
  const at = { deps, attempt, call, money: moneyFor(deps, attempt), crashTaxMicroUsd: 0 };
  const beating = keepBeating(attempt);
  const tell = (): void => tellGivenUp(at);
  attempt.over.addEventListener("abort", tell);
  try {
    const result = await asFailures(() => work(at));
    await begun.handIn(result);
    return result;
  } catch (error) {
    throw isStopOf(attempt, error) ? aborted(attempt) : error;
  } finally {
    attempt.over.removeEventListener("abort", tell);
    at.money.letGo();
    beating.stop();
    begun.end();
  }
}

/** Whatever the reason was, it may come back as it is or as the cause of what the work made of it. */
function isStopOf({ signal }: Attempt, error: unknown): boolean {
  if (!signal.aborted) return false;
  const cause = error instanceof Error ? error.cause : undefined;
  return error === signal.reason || cause === signal.reason;
}

/** By Temporal, where it is to end neither by its run nor by this worker. */
function tellGivenUp({
  deps: { telemetry },
  attempt: { runId, attempt, signal },
  call,
}: CallAttempt) {
  if (signal.aborted) return;
  const { tenant, agent } = call.payer;
  telemetry.emit({ event: "attempt_given_up", runId, tenant, agent, turn: call.turn, attempt });
}

type OwnTicket = Pick<Attempt, "callKey" | "attempt">;
