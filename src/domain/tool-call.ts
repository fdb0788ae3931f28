// One call of a tool, as the workflow and its activities speak of it.

export interface RunToolInput {
  readonly turn: number;
  readonly tenant: string;
  readonly callId: string;
  readonly tool: string;
  /** The reply that holds the call and its arguments. */
  readonly replyRef: string;
  /** Why the call may be made. */
  readonly clearance: Clearance;
}

/** The guardrail's word on a call that is made, or a person's. */
export interface Clearance {
  readonly verdict: "allowed" | "approved";
  readonly reason: string;
  /** Who approved. */
  readonly by?: string;
  /** What was approved: the tool looks whether the arguments still are these. */
  readonly argsDigest?: string;
  /** Executed instead of the model's arguments. */
  readonly editedInput?: Readonly<Record<string, unknown>>;
}

export interface RunToolResult {
  readonly callId: string;
  readonly tool: string;
  readonly ref: string;
  /** What the model sees, ≤ 64 KiB. */
  readonly content: string;
  readonly isError: boolean;
  readonly durationMs: number;
}
