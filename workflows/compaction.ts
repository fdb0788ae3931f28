// A run whose conversation nears the cap on one request goes on from a summary of it, on a branch of
// its transcript (src/domain/compaction.ts has the rules). Two failures in a row, and it goes on as it is.

import { branchFrom, isSummaryDue, needsToolsOff, whyNoSummary } from "../src/domain/compaction.ts";
import type { Purpose, Reply } from "../src/domain/call.ts";
import { takeSummary, type RunState } from "../src/domain/run-state.ts";

export function summaryDue(state: RunState): Extract<Purpose, { kind: "summary" }> | null {
  if (!isSummaryDue(state)) return null;
  return { kind: "summary", toolsOff: needsToolsOff(state) };
}

/** What is still to be told to the model (tool answers, what people said) stays so on the branch. */
export function goOnFromSummary(state: RunState, reply: Reply): void {
  if (!takeSummary(state, reply)) return;
  const { compaction } = state;
  if (compaction === undefined) throw new Error("a run without compaction was summed up");
  const why = whyNoSummary(state, reply);
  if (why !== null) {
    state.compaction = { ...compaction, failures: [...compaction.failures, why] };
    return;
  }
  state.head = compaction.genesis;
  state.headTokens = 0;
  state.entries = [...branchFrom(compaction, reply), ...state.entries];
  state.compaction = { ...compaction, tooLong: false, failures: [] };
}
