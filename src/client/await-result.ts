// Waits for the end of a run, or of a batch, and follows nothing but the event that closes each of its
// histories: who is shown nothing on the way costs nothing on the way. The history is read, once, only where
// a run was broken off: then what it came to is what was seen of it.

import type { RunResult } from "../domain/outcome.ts";
import { createFactReader, type Told } from "./history-facts.ts";
import { fateOf, tailHistory } from "./histories.ts";
import { readRun, type RunSources } from "./read-run.ts";

type ChainSources = Pick<RunSources, "histories" | "converter">;

/** Null where the signal aborted first. */
export async function awaitResult(
  sources: RunSources,
  runId: string,
  signal: AbortSignal,
): Promise<RunResult | null> {
  while (true) {
    const end = await awaitClose(sources, runId, signal);
    if (end === null) return null;
    if (end.fact.kind === "ended") return end.fact.result;
    const shown = await readRun(sources, runId);
    // It is open where somebody had it reset meanwhile.
    if (shown.kind === "ended") return shown.result;
  }
}

/** How the last history of the chain was closed; null where the signal aborted first. */
export async function awaitClose(
  sources: ChainSources,
  id: string,
  signal: AbortSignal,
): Promise<Told | null> {
  let executionId = "";
  while (true) {
    const end = await closeOf(sources, { runId: id, executionId, signal });
    const next = end === null ? null : await nextBehind(sources, { runId: id, executionId }, end);
    if (next === null) return end;
    executionId = next;
  }
}

/** Null where the run ended with it; one that was broken off may have been reset. */
async function nextBehind(
  { histories }: ChainSources,
  of: { readonly runId: string; readonly executionId: string },
  { fact }: Told,
): Promise<string | null> {
  if (fact.kind === "movedOn") return fact.nextExecutionId;
  if (fact.kind !== "broken") return null;
  const { executionId, replacedBy } = await fateOf(histories, of);
  // The newest was waited for, and another may be the newest by now.
  return of.executionId === "" ? executionId : replacedBy;
}

async function closeOf(
  { histories, converter }: ChainSources,
  of: { readonly runId: string; readonly executionId: string; readonly signal: AbortSignal },
): Promise<Told | null> {
  const reader = createFactReader(converter);
  for await (const event of tailHistory(histories, { ...of, wait: true, closeOnly: true })) {
    const [told] = await reader.read(event);
    if (told !== undefined) return told;
  }
  return null;
}
