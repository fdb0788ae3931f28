// What Pawl knows about a tool before it runs it.

import type { Permission } from "./permission.ts";

/**
 * What a second execution would do; it decides what happens after a crash.
 * `pure`: nothing. `idempotent`: nothing, given the same idempotency key. `verifiable`: the tool can
 * be asked whether it happened. `once`: unknown, so it is never run a second time.
 */
export type Effect = "pure" | "idempotent" | "verifiable" | "once";

/** A tool as it is pinned in a run: what the model is told and how it is executed. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly permission: Permission;
  /** Calls whose argument has one of the values need no more than `read`. */
  readonly readsWhere?: ReadsWhere;
  readonly effect: Effect;
  /** One attempt. */
  readonly timeoutMs: number;
  readonly attemptsMax: number;
  /** True where it can take back what a call did. */
  readonly compensates?: true;
  /** Answers in milliseconds and touches nothing: runs inside the workflow task. */
  readonly inline: boolean;
  /** Of a tool that others may change while a run has it. */
  readonly origin?: ToolOrigin;
}

export interface ReadsWhere {
  readonly argument: string;
  readonly values: readonly string[];
}

/** Whose it is, as it was when the run began: one that has become another is not called. */
export interface ToolOrigin {
  readonly server: string;
  /** What the server calls it. */
  readonly tool: string;
  /** sha256 (hex) of all that the server says of it. */
  readonly digest: string;
}

/** What goes with every call of a tool that has an origin: how it was pinned, without its words. */
export type PinnedTool = Omit<ToolSpec, "description" | "inputSchema" | "compensates">;

/** A tool that the provider runs itself; its definition goes to the API as it is. */
export interface ServerTool {
  readonly type: string;
  readonly name: string;
  readonly max_uses: number;
  readonly [field: string]: unknown;
}

/** A call that the model asked for. The arguments stay in the transcript, under the reply's ref. */
export interface ToolCall {
  /** Ours: see tool-call.ts. */
  readonly callId: string;
  /** The provider's, for the answer that goes back to it; unique in its reply alone. */
  readonly toolUseId: string;
  readonly name: string;
  /** The arguments, shortened for people. */
  readonly preview: string;
  /** sha256 (hex) of the JSON of the arguments; approvals are bound to it. */
  readonly argsDigest: string;
  /** By its arguments it needs no more than `read`, though its tool may need more. */
  readonly isReading?: true;
}
