// A person's word on a tool call: what is asked, what is decided, and what a decision is bound to.

/** What the policy of a run says of a tool. The strictest of operator, agent and caller holds. */
export type Rule = "allow" | "ask" | "deny";

/** A call that waits for a person. */
export interface PendingApproval {
  readonly callId: string;
  readonly tool: string;
  readonly turn: number;
  /** The arguments, shortened for people; all of them are in the reply that asks for the call. */
  readonly preview: string;
  /** sha256 (hex) of the JSON of the arguments as the model wrote them. */
  readonly argsDigest: string;
  /** Why a person is asked. */
  readonly reason: string;
  /** ISO 8601. */
  readonly requestedAt: string;
  /** ISO 8601. Silence until then is a denial. */
  readonly deadlineAt: string;
}

/** What a person says; accepted once, and only for the arguments whose digest it names. */
export interface Decision {
  readonly callId: string;
  readonly verdict: "approve" | "deny";
  readonly argsDigest: string;
  /** Executed instead of the model's arguments; the model is told. */
  readonly editedInput?: Readonly<Record<string, unknown>>;
  /** Approves every later call of this tool in this run as well. */
  readonly always?: boolean;
  /** Who decides: the name of the API key or of the user. */
  readonly by: string;
  readonly reason?: string;
}

export interface DecidedApproval {
  readonly callId: string;
  readonly tool: string;
  readonly turn: number;
  readonly verdict: "approved" | "denied" | "expired";
  /** Null where nobody decided. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly edited: boolean;
  readonly always: boolean;
  readonly decidedAt: string;
}

/** Of the reply whose calls are being answered. */
export interface Approvals {
  readonly waiting: readonly PendingApproval[];
  readonly decided: readonly DecidedApproval[];
}

export const NO_APPROVALS: Approvals = { waiting: [], decided: [] };

/** A call that waits, with the run that asks: for an inbox of all runs. */
export interface ApprovalWaiting extends PendingApproval {
  readonly runId: string;
  readonly tenant: string;
  readonly agent: string;
  /** The beginning of it. */
  readonly task: string;
}

/** What a person must see before deciding. */
export interface ApprovalShown extends ApprovalWaiting {
  /** The arguments as the model wrote them, whole. */
  readonly input: unknown;
  /** JSON Schema of the arguments, for whoever edits them. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}
