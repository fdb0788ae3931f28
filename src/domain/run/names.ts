// The names under which a run is spoken to and shows itself in Temporal. They lie in histories.

export const WORKFLOW_TYPE = "agentRun";

export const SIGNALS = {
  pause: "pause",
  resume: "resume",
  say: "say",
  /** To a run that waits at a cap which may have been raised. */
  lookAgain: "lookAgain",
} as const;

export const DECIDE_UPDATE = "decide";

export const MEMOS = {
  /** Why the run waits; null or absent while it does not. */
  waiting: "waiting",
  /** True while so many messages are unread that more are refused. */
  inboxFull: "inboxFull",
  /** Calls that wait for a person. */
  approvals: "approvals",
} as const;

/** By it the timer is known, in the Web UI and in histories. */
export const ALARM_SUMMARY = "wall clock of the run";
