// The set of activities a worker serves. Workflows see its type and nothing more.

import { createBatchBooks } from "./batch-books.ts";
import { createCloseRun } from "./close-run.ts";
import type { ActivityDeps } from "./deps.ts";
import { createCallModel } from "./model-call/call-model.ts";
import { createLookAtCall } from "./model-call/look-at-call.ts";
import { createNotifyApproval } from "./notify-approval.ts";
import { createOpenRun } from "./open-run.ts";
import { createRebuildTranscript } from "./rebuild-transcript.ts";
import { createRunTool } from "./run-tool.ts";
import { createStopAttempts } from "./stop-attempts.ts";

export type { ActivityDeps } from "./deps.ts";
export type Activities = ReturnType<typeof createActivities>;

export function createActivities(deps: ActivityDeps) {
  return {
    openRun: createOpenRun(deps),
    callModel: createCallModel(deps),
    lookAtCall: createLookAtCall(deps),
    runTool: createRunTool(deps),
    notifyApproval: createNotifyApproval(deps),
    rebuildTranscript: createRebuildTranscript(deps),
    stopAttempts: createStopAttempts(deps),
    closeRun: createCloseRun(deps),
    ...createBatchBooks(deps),
  };
}
