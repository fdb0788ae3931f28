// What Temporal knows our workflows, and what is said to them, by. Whoever talks to a run and the run
// itself read the names here. Pure: workflow code may import it.

export const WORKFLOW_TYPE = "agentRun";
export const BATCH_WORKFLOW_TYPE = "agentBatch";
export const UNDO_WORKFLOW_TYPE = "undoRun";

/** Of the workflow that undoes a run, and of those that try again what it left: 1, 2, … */
export function undoIdOf(runId: string, place: number): string {
  return `undo_${runId}${place === 1 ? "" : `.${place}`}`;
}

export const SIGNALS = {
  pause: "pause",
  resume: "resume",
  say: "say",
  /** To a run that waits at a cap which may have been raised. */
  lookAgain: "lookAgain",
} as const;

export const DECIDE_UPDATE = "decide";
export const ANSWER_UPDATE = "answer";
/** A person lets a run go on with more money. */
export const RAISE_UPDATE = "raise";

/** What it came to. */
export interface Raised {
  /** Less than was asked for where the operator allows no more. */
  readonly addedMicroUsd: number;
  readonly capMicroUsd: number;
}

/** Keys of what a run says of itself while it is open; the event stream, the list of runs and people read it. */
export const MEMOS = {
  /** Why the run waits, a `Wait`; null or absent while it does not. */
  waiting: "waiting",
  /** True while so many messages are unread that more are refused. */
  inboxFull: "inboxFull",
  /** Calls that wait for a person, `Approvals`. */
  approvals: "approvals",
  /** Rules of input that the run has met, a list of names. */
  flagged: "flagged",
  /** Calls whose tools ask a person, `QuestionsNow`. */
  questions: "questions",
} as const;

/** Of the timer that ends a run in time: by it the timer is known, in the Web UI and in histories. */
export const ALARM_SUMMARY = "wall clock of the run";
