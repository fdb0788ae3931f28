// The agent as it was when its run began. Nothing in it changes during the life of the run.

import type { Rule } from "../approval.ts";
import { PawlError } from "../errors.ts";
import type { OnFailure } from "../effect.ts";
import type { InputFinding } from "../input-rules.ts";
import { jsonBytesOf } from "../json-size.ts";
import type { BatchTerms } from "./lane-terms.ts";
import type { Limits } from "../limits.ts";
import type { ModelSpec, Price, Tier } from "../prices.ts";
import type { RunPermission } from "../permission.ts";
import type { Provider } from "../provider.ts";
import type { ServerTool, ToolSpec } from "../tool.ts";

export interface Snapshot {
  readonly agent: string;
  readonly model: string;
  readonly instructions: string;
  readonly tools: readonly ToolSpec[];
  readonly serverTools: readonly ServerTool[];
  /** Ours, by the names of those: offered to nobody, and called by models that take a server tool for one of ours. */
  readonly standInTools?: readonly ToolSpec[];
  readonly limits: Limits;
  /** What the operator allowed a run to cost when this one began; a denial says what is allowed since. */
  readonly operatorCapMicroUsd: number;
  /** What the caller wants it to cost at most. */
  readonly callerCapMicroUsd?: number;
  /** What the agent's definition allows a run to cost, at most; the operator may allow less. */
  readonly agentCapMicroUsd?: number;
  readonly timers: Timers;
  readonly historyMarks: HistoryMarks;
  /** Who answers this run, and nobody else. */
  readonly provider: Provider;
  /** By tool name; a tool that is not in it follows its permission (gate/policy-layers.ts). */
  readonly policy: Readonly<Record<string, Rule>>;
  /** How far caller and agent let it go; absent where neither says: any tool may be offered. */
  readonly permission?: RunPermission;
  readonly approvals: ApprovalTerms;
  /** What becomes of what its tools did, where it fails or is cancelled; absent: it is undone. */
  readonly onFailure?: OnFailure;
  /** True where the last of a limit pays for a call that sums up. */
  readonly wrapUp: boolean;
  /** Who stands in where a model takes no calls (model-choice.ts). */
  readonly fallbacks?: Fallbacks;
  /** Set where the model is called through the provider's batch lane. */
  readonly batchLane?: BatchTerms;
  /** `auto`: once the run has waited for a person, the provider's cache is asked for an hour. Absent: never. */
  readonly cacheTtl?: "auto" | "1h";
  /** Tokens of a conversation from which the run goes on from a summary of it; absent: never. */
  readonly compactAtTokens?: number;
  /** Set where the operator looks no closer at what people write: nothing is taken out of it. */
  readonly inputAsIs?: true;
  /** Those of the operator's file that may be asked: the run is priced by them as it began, on every worker. */
  readonly models?: Readonly<Record<string, ModelSpec>>;
  /** Who decides which model is wanted (routing.ts); absent where nobody chooses. */
  readonly routing?: Routing;
}

/** Pinned when the run begins; absent where it has no stand-ins. */
export interface Fallbacks {
  /** By the model that is wanted: who stands in for it, the first that takes calls. */
  readonly chains: Readonly<Record<string, readonly string[]>>;
  /** Attempts at a model that is overloaded or away, while another can be asked. */
  readonly attemptsMax: number;
  /** As the run began: they only weigh whether a return pays, and charge nothing. */
  readonly prices: Readonly<Record<string, Price>>;
}

export const POLICIES = ["fixed", "by-context-size", "by-classifier", "per-turn"] as const;
export type Policy = (typeof POLICIES)[number];

/** Pinned when the run begins; absent where the policy is fixed. */
export interface Routing {
  readonly policy: Exclude<Policy, "fixed">;
  /** The run's own model is that of the medium tier. */
  readonly models: Readonly<Record<Tier, string>>;
  /** What the first prompt weighs, roughly; later ones have been weighed by the provider. */
  readonly openingTokens: number;
}

export interface ApprovalTerms {
  readonly timeoutMs: number;
  /** True where the operator wants to be told of approvals that wait. */
  readonly webhook: boolean;
}

export interface Timers {
  readonly heartbeatTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly retryInitialMs: number;
  readonly retryAttemptsMax: number;
}

/** Past either, the run moves to a fresh history between two steps. */
export interface HistoryMarks {
  readonly events: number;
  readonly bytes: number;
}

/** Who executes a call of this name; undefined where nobody of ours does. */
export function toolIn(
  { tools, standInTools = [] }: Pick<Snapshot, "tools" | "standInTools">,
  name: string,
): ToolSpec | undefined {
  return [...tools, ...standInTools].find((tool) => tool.name === name);
}

/** It travels with all else that a run remembers (carried.ts). */
export const SNAPSHOT_BYTES_MAX = 256 * 1024;

/** Throws AGENT_TOO_LARGE: such a run could not go on in a fresh history. */
export function checkSize(snapshot: Snapshot): void {
  const bytes = jsonBytesOf(snapshot);
  if (bytes <= SNAPSHOT_BYTES_MAX) return;
  const message = `The agent ${snapshot.agent}, its instructions and the schemas of its tools, has ${bytes} bytes; ${SNAPSHOT_BYTES_MAX} are possible.`;
  throw new PawlError("AGENT_TOO_LARGE", message);
}

/** What the run begins with. */
export interface Opened {
  readonly snapshot: Snapshot;
  /** Chain of the transcript that holds the snapshot alone. */
  readonly head: string;
  /** The task as a message, which `taskMessage` gives again. */
  readonly taskRef: string;
  /** Rules for tasks that its own meets, and that only flag. */
  readonly flagged?: readonly InputFinding[];
}
