// Where the bare loop is served, beside Pawl's queue on the same server.

export const BARE_TASK_QUEUE = "bare";
