// The chain of histories that one run leaves when it moves to a fresh one: where in it something lies,
// and all of it. A closed history says which comes behind it, and each says which came before.

import type { LoadedDataConverter } from "@temporalio/common";
import { PawlError } from "../domain/errors.ts";
import type { RunInput } from "../domain/run/carried.ts";
import { decodeFirst, type HistoryEvent, type Payloads } from "../temporal/payloads.ts";
import { backendError } from "./backend-error.ts";
import { tailHistory, type Histories, type HistoryQuery } from "./histories.ts";

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
 * mostly left it, or the one before. Throws PawlError USAGE where the run has no such history.
 */
export async function executionAt(chain: Chain, runId: string, ordinal: number): Promise<string> {
  const newest = await startOf(chain, runId, "");
  if (ordinal === 0) return newest.firstId;
  if (ordinal > newest.ordinal) {
    throw new PawlError("USAGE", `The run ${runId} has no history number ${ordinal}.`);
  }
  return ordinal < newest.ordinal / 2
    ? await forward(chain, runId, { from: newest.firstId, steps: ordinal })
    : await back(chain, runId, { from: newest, ordinal });
}

async function forward(
  { histories }: Chain,
  runId: string,
  { from, steps }: { readonly from: string; readonly steps: number },
): Promise<string> {
  let executionId = from;
  for (let step = 0; step < steps; step += 1) {
    // Each of these is closed: of an open one Temporal holds the answer back for 14 s.
    const query = { runId, executionId, from: null, wait: false, closeOnly: true } as const;
    const events = await eventsOf(histories, query);
    const moved = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
    executionId = moved?.newExecutionRunId ?? "";
  }
  return executionId;
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
  const input = await decodeFirst<RunInput | undefined>(chain.converter, begun.input);
  return { ...begun, ordinal: input?.resumed?.execution ?? 0 };
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
    executionId = moved?.newExecutionRunId ?? "";
  }
}
