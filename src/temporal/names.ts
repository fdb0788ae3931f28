// What Temporal knows our workflows, and what is said to them, by. Whoever talks to a run and the run
// itself read the names here. Pure: workflow code may import it.

export const WORKFLOW_TYPE = "agentRun";
export const BATCH_WORKFLOW_TYPE = "agentBatch";

export const SIGNALS = {
  pause: "pause",
  resume: "resume",
  say: "say",
  /** To a run that waits at a cap which may have been raised. */
  lookAgain: "lookAgain",
} as const;

export const DECIDE_UPDATE = "decide";

/** Key of the memo that says why a run waits; null or absent while it does not. */
export const WAITING_MEMO = "waiting";
/** Key of the memo that names the limit at which it waits. */
export const PARKED_AT_MEMO = "parkedAt";
/** Key of the memo that is true while so many messages are unread that more are refused. */
export const INBOX_FULL_MEMO = "inboxFull";
/** Key of the memo that holds `Approvals`; the event stream, the list of runs and people read it. */
export const APPROVALS_MEMO = "approvals";
