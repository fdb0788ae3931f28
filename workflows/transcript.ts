// The store is a cache of the transcript; the run's history is its truth. Whoever finds the cache
// empty asks for it to be rebuilt and goes on.

import { ActivityFailure, ApplicationFailure, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { rebuilding } from "./activity-options.ts";

/** `runId`: of a run that has ended, where it is not this one. */
export async function withTranscript<T>(useIt: () => Promise<T>, runId?: string): Promise<T> {
  try {
    return await useIt();
  } catch (error) {
    if (codeOf(error) !== "TRANSCRIPT_MISSING") throw error;
    await rebuilt(runId);
    return await useIt();
  }
}

async function rebuilt(runId: string | undefined): Promise<void> {
  const { rebuildTranscript } = proxyActivities<Activities>({
    ...rebuilding(),
    summary: "the transcript was lost; restored from history",
  });
  await rebuildTranscript(runId);
}

/** The catalogue code of an activity's failure; undefined for timeouts and the like. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof ActivityFailure)) return undefined;
  return error.cause instanceof ApplicationFailure ? (error.cause.type ?? undefined) : undefined;
}
