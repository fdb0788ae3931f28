// What a caller orders: the task, and what may be spent on it. It is the input of the workflow, so all of it
// lies in Temporal's history.

import { batchAccountKey } from "../budget.ts";
import type { Payer, Share } from "../call.ts";
import type { OnFailure } from "../effect.ts";
import type { CallerLimits } from "../limits.ts";
import { readText } from "../hidden-letters.ts";
import type { InputFinding } from "../input-rules.ts";
import { userMessage, type Message } from "../message.ts";
import type { Permission } from "../permission.ts";
import type { Tier } from "../prices.ts";
import type { Policy } from "./snapshot.ts";

export const TASK_BYTES_MAX = 512 * 1024;
export const MESSAGE_BYTES_MAX = 32 * 1024;

/** What a person says to a run in flight. */
export interface UserMessage {
  /** The same id is heard once. */
  readonly messageId: string;
  readonly text: string;
  /** `queue`: with the next turn. `interrupt`: the reply in flight is stopped first. */
  readonly mode: "queue" | "interrupt";
  /** Who says it: the name of the API key or of the user. */
  readonly by: string;
  /** What the door found that let it in. */
  readonly flagged?: readonly InputFinding[];
}

/** Tools that the caller wants asked about, or not used; it can only be stricter than the agent's. */
export interface CallerPolicy {
  readonly ask?: readonly string[];
  readonly deny?: readonly string[];
}

export interface CanWait {
  /** From the start of the run; null means as long as the provider takes. */
  readonly forMs: number | null;
}

/** The batch that a run is an item of, and what all its items share. */
export interface BatchShare {
  readonly batchId: string;
  /** Null: counted, never denied. */
  readonly capMicroUsd: number | null;
}

export interface Order {
  readonly task: string;
  readonly agent: string;
  readonly tenant: string;
  readonly session: string;
  readonly traceId: string;
  readonly model?: string;
  readonly tier?: Tier;
  readonly routing?: Policy;
  readonly limits: CallerLimits;
  readonly onLimit: "stop" | "pause";
  /** Absent: as its agent says. */
  readonly onFailure?: OnFailure;
  /** The replies may take as long as a batch takes, and cost half. */
  readonly canWait?: CanWait;
  readonly policy?: CallerPolicy;
  /** Of tools that may be offered, the highest; the agent may allow less. */
  readonly permission?: Permission;
  readonly batch?: BatchShare;
}

/** `flagged`: what was found in it where somebody looked; then the model reads it without what nobody sees. */
export function taskMessage(
  { task }: Order,
  flagged: readonly InputFinding[] | undefined,
): Message {
  return userMessage(flagged === undefined ? task : readText(task));
}

/** Who pays for a call of the run: every call names all of them, or a cap would be missed. */
export function payerOf({ tenant, session, agent, batch }: Order): Payer {
  return { tenant, session, agent, shares: batch === undefined ? [] : [shareOf(batch)] };
}

function shareOf({ batchId, capMicroUsd }: BatchShare): Share {
  return { key: batchAccountKey(batchId), limit: "batch", capMicroUsd };
}
