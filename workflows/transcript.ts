// The store is a cache of the transcript; the run's history is its truth. Whoever finds the cache
// empty asks for it to be rebuilt and goes on.

import { ActivityFailure, ApplicationFailure, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { rebuilding } from "./activity-options.ts";

export async function withTranscript<T>(useIt: () => Promise<T>): Promise<T> {
  try {
    return await useIt();
  } catch (error) {
    if (codeOf(error) !== "TRANSCRIPT_MISSING") throw error;
    await rebuilt();
    return await useIt();
  }
}

async function rebuilt(): Promise<void> {
  const { rebuildTranscript } = proxyActivities<Activities>({
    ...rebuilding(),
    summary: "the transcript was lost; restored from history",
  });
  await rebuildTranscript();
}

/** The catalogue code of an activity's failure; undefined for timeouts and the like. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof ActivityFailure)) return undefined;
  return error.cause instanceof ApplicationFailure ? (error.cause.type ?? undefined) : undefined;
}
