// The activities, in the sets that workers serve; each set waits in a queue of its own, and
// workflows/activity-options.ts sends each activity there. Workflows see the type and nothing more.

import { createBatchBooks } from "./batch-books.ts";
import { createCloseRun } from "./close-run.ts";
import { createCompensate } from "./compensate.ts";
import type { ActivityDeps } from "./deps.ts";
import { createCallModel } from "./model-call/call-model.ts";
import { createLookAtCall } from "./model-call/look-at-call.ts";
import { createNotifyApproval } from "./notify-approval.ts";
import { createOpenRun } from "./open-run.ts";
import { createRebuildTranscript } from "./rebuild-transcript.ts";
import { createRecordUndo } from "./record-undo.ts";
import { createRunTool } from "./run-tool.ts";
import { createStopAttempts } from "./stop-attempts.ts";

export type { ActivityDeps } from "./deps.ts";
export type Activities = ReturnType<typeof coreActivities> &
  ReturnType<typeof modelActivities> &
  ReturnType<typeof localActivities>;

/** Books, and whatever is over in no time. */
export function coreActivities(deps: ActivityDeps) {
  return {
    openRun: createOpenRun(deps),
    notifyApproval: createNotifyApproval(deps),
    rebuildTranscript: createRebuildTranscript(deps),
    closeRun: createCloseRun(deps),
    recordUndo: createRecordUndo(deps),
    ...createBatchBooks(deps),
  };
}

export function modelActivities(deps: ActivityDeps) {
  return {
    callModel: createCallModel(deps),
    lookAtCall: createLookAtCall(deps),
  };
}

export function toolActivities(deps: ActivityDeps) {
  return { runTool: createRunTool(deps), compensate: createCompensate(deps) };
}

/** In the process of the run, and by no queue: inline tools, and what stops attempts. */
export function localActivities(deps: ActivityDeps) {
  return { ...toolActivities(deps), stopAttempts: createStopAttempts(deps) };
}
