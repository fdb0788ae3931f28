// The activities, in the sets that workers serve; each set waits in a queue of its own, and
// workflows/activity-options.ts sends each activity there. Workflows see the type and nothing more.

import { createBatchBooks } from "./batch-books.ts";
import { createCloseRun } from "./close-run.ts";
import type { ActivityDeps } from "./deps.ts";
import { createCallModel } from "./model-call/call-model.ts";
import { createLookAtCall } from "./model-call/look-at-call.ts";
import { createNotifyApproval } from "./notify-approval.ts";
import { createOpenRun } from "./open-run.ts";
import { createRebuildTranscript } from "./rebuild-transcript.ts";
import { createRunTool } from "./run-tool.ts";

export type { ActivityDeps } from "./deps.ts";
export type Activities = ReturnType<typeof coreActivities> &
  ReturnType<typeof modelActivities> &
  ReturnType<typeof toolActivities>;

/** Books, and whatever is over in no time. */
export function coreActivities(deps: ActivityDeps) {
  return {
    openRun: createOpenRun(deps),
    notifyApproval: createNotifyApproval(deps),
    rebuildTranscript: createRebuildTranscript(deps),
    closeRun: createCloseRun(deps),
    ...createBatchBooks(deps),
  };
}

export function modelActivities(deps: ActivityDeps) {
  return {
    callModel: createCallModel(deps),
    lookAtCall: createLookAtCall(deps),
  };
}

/** Inline tools are executed beside the workflows, too. */
export function toolActivities(deps: ActivityDeps) {
  return { runTool: createRunTool(deps) };
}
