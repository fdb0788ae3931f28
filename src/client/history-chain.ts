// The chain of histories that one run leaves: where in it something lies, and all of it. A run moves to a fresh
// history by itself, and then each says which comes behind it and which came before; or it is reset from outside:
// then another history takes its place, of which only Temporal's description of the old one knows.

import type { LoadedDataConverter } from "@temporalio/common";
import { PawlError } from "../domain/errors.ts";
import { decodeForeign, type HistoryEvent, type Payloads } from "../temporal/payloads.ts";
import { backendError } from "./backend-error.ts";
import { idOf } from "./history-facts.ts";
import { fateOf, tailHistory, type Histories, type HistoryQuery } from "./histories.ts";

interface Begun {
  readonly executionId: string;
  readonly firstId: string;
  readonly previousId: string;
  readonly input: Payloads;
}

interface Start extends Begun {
  /** 0 of the first history. */
  readonly ordinal: number;
}

interface Chain {
  readonly histories: Histories;
  readonly converter: LoadedDataConverter;
}

/**
 * Temporal's run id of one history of a run. The newest says how many there are: a viewer that comes back
 * mostly left it, or the one before. More there are only of a run that was reset: then each, from the first, is
 * asked what came of it. Throws PawlError USAGE where the run has no such history.
 */
export async function executionAt(chain: Chain, runId: string, place: number): Promise<string> {
  const newest = await startOf(chain, runId, "");
  if (place === 0) return newest.firstId;
  const isNearer = place <= newest.ordinal && place >= newest.ordinal / 2;
  if (isNearer && (await isWithoutReset(chain, runId, newest))) {
    return await back(chain, runId, { from: newest, ordinal: place });
  }
  if (place > newest.ordinal + RESETS_MAX) throw noSuch(runId, place);
  return await forward(chain, runId, { from: newest.firstId, steps: place });
}

/** Of one that was reset no history says how many came before it. The long way is right where nobody can tell. */
async function isWithoutReset(
  { histories }: Chain,
  runId: string,
  newest: Start,
): Promise<boolean> {
  const count = await histories.count(runId).catch(() => Infinity);
  return count <= newest.ordinal + 1;
}

/** Each is one history more than the newest counts. */
const RESETS_MAX = 100;

function noSuch(runId: string, place: number): PawlError {
  return new PawlError("USAGE", `The run ${runId} has no history number ${place}.`);
}

async function forward(
  { histories }: Chain,
  runId: string,
  { from, steps }: { readonly from: string; readonly steps: number },
): Promise<string> {
  let executionId = from;
  for (let step = 0; step < steps; step += 1) {
    const next = await nextOf(histories, runId, executionId);
    if (next === null) throw noSuch(runId, steps);
    executionId = next;
  }
  return executionId;
}

/** The history behind one; null where there is none yet. */
async function nextOf(
  histories: Histories,
  runId: string,
  executionId: string,
): Promise<string | null> {
  const { isOpen, replacedBy } = await fateOf(histories, { runId, executionId });
  // Of an open one Temporal would hold the answer back for 14 s.
  if (isOpen || replacedBy !== null) return replacedBy;
  const query = { runId, executionId, from: null, wait: false, closeOnly: true } as const;
  const end = (await eventsOf(histories, query)).at(-1);
  return end?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? null;
}

/** The last event that a history has from the one whose place it took; 0 where it took none. */
export async function takenOverUpTo(
  histories: Histories,
  runId: string,
  executionId: string,
): Promise<number> {
  for await (const event of tailHistory(histories, { runId, executionId, wait: false })) {
    const failed = event.workflowTaskFailedEventAttributes;
    if (failed?.newRunId === executionId) return idOf(event.eventId);
  }
  return 0;
}

async function back(
  chain: Chain,
  runId: string,
  { from, ordinal }: { readonly from: Start; readonly ordinal: number },
): Promise<string> {
  let start = from;
  while (start.ordinal > ordinal) start = await startOf(chain, runId, start.previousId);
  return start.executionId;
}

async function startOf(chain: Chain, runId: string, executionId: string): Promise<Start> {
  const begun = await begunIn(chain.histories, runId, executionId);
  const input = await decodeForeign(chain.converter, begun.input);
  return { ...begun, ordinal: begun.previousId === "" ? 0 : executionIn(input) };
}

function executionIn(input: unknown): number {
  const resumed = fieldOf(input, "resumed");
  const execution = fieldOf(resumed, "execution");
  return typeof execution === "number" ? execution : 0;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, field) : undefined;
}

/** Of the newest history, where no id is given. What the input says takes a codec's key, and is not read here. */
async function begunIn(histories: Histories, runId: string, executionId: string): Promise<Begun> {
  const query = { runId, executionId, from: null, wait: false, sizeMax: 1 } as const;
  const [first] = await eventsOf(histories, query);
  const started = first?.workflowExecutionStartedEventAttributes;
  return {
    executionId: started?.originalExecutionRunId ?? "",
    firstId: started?.firstExecutionRunId ?? "",
    previousId: started?.continuedExecutionRunId ?? "",
    input: started?.input?.payloads,
  };
}

async function eventsOf(
  histories: Histories,
  query: HistoryQuery,
): Promise<readonly HistoryEvent[]> {
  try {
    return (await histories.page(query)).events;
  } catch (error) {
    throw backendError(error, query.runId);
  }
}

/** Every event of each history of a run, oldest first, as far as it has come. */
export async function* wholeHistories(
  histories: Histories,
  runId: string,
): AsyncGenerator<readonly HistoryEvent[], void, undefined> {
  let executionId = (await begunIn(histories, runId, "")).firstId;
  while (executionId !== "") {
    const events: HistoryEvent[] = [];
    const tail = tailHistory(histories, { runId, executionId, wait: false });
    for await (const event of tail) events.push(event);
    yield events;
    const moved = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
    const next =
      moved?.newExecutionRunId ?? (await fateOf(histories, { runId, executionId })).replacedBy;
    executionId = next ?? "";
  }
}
