// Takes back what a run did that has ended. Its effects are read from its history, and a workflow of its own undoes
// them: `undo_<run>`, and where that left something standing, the next time `undo_<run>.2`. Ids are used once, so
// whoever asks at the same moment as another joins what the other began.

import { WorkflowExecutionAlreadyStartedError, type Client } from "@temporalio/client";
import {
  compensationOf,
  nextToUndo,
  withUndone,
  type Compensation,
  type Effect,
} from "../domain/effect.ts";
import { PawlError } from "../domain/errors.ts";
import type { Outcome } from "../domain/outcome.ts";
import { undoFrom, type UndoOrder } from "../domain/run/parse-undo.ts";
import type { ToolCompensated } from "../domain/run-event.ts";
import type { Memory } from "../domain/run/state.ts";
import { UNDO_WORKFLOW_TYPE, undoIdOf } from "../temporal/names.ts";
import { decodeForeign } from "../temporal/payloads.ts";
import { isNotFound } from "./backend-error.ts";
import { compensationNews } from "./compensation-view.ts";
import { createFactReader } from "./history-facts.ts";
import { tailHistory } from "./histories.ts";
import { foldRun, readRun, type Folded, type RunShown, type RunSources } from "./read-run.ts";
import { asked, ofRun } from "./steer.ts";
import { brokenOutcome } from "./told-run.ts";

export interface UndoClient {
  /**
   * Begins to take back what a run did that has ended. Throws PawlError RUN_UNDER_WAY, NOTHING_TO_UNDO.
   */
  undo(runId: string, by: string): Promise<readonly Compensation[]>;
  /** What is taken back as it is, and returns what became of all. */
  watchUndo(
    runId: string,
    signal?: AbortSignal,
  ): AsyncGenerator<ToolCompensated, readonly Compensation[], undefined>;
}

export function undoingOf(sources: RunSources, taskQueue: string): UndoClient {
  return {
    undo: (runId, by) => asked(undoRun(sources, runId, { by, taskQueue }), runId),
    watchUndo: (runId, signal) => watchUndo(sources, runId, signal),
  };
}

interface UndoRequest {
  /** Who asks for it. */
  readonly by: string;
  readonly taskQueue: string;
}

/** One try at undoing a run. */
interface Undoing {
  readonly id: string;
  readonly isOpen: boolean;
  /** As that try has left them so far. */
  readonly effects: readonly Effect[];
}

/** What is being undone, in the order in which it was done. Throws PawlError RUN_UNDER_WAY, NOTHING_TO_UNDO, RUN_NOT_FOUND. */
async function undoRun(
  sources: RunSources,
  runId: string,
  request: UndoRequest,
): Promise<readonly Compensation[]> {
  const { client } = sources;
  ofRun(client.workflow.getHandle(runId));
  while (true) {
    const folded = await foldRun(sources, runId);
    if (!folded.isOver) throw new PawlError("RUN_UNDER_WAY", `The run ${runId} is under way.`);
    const tries = await triesAt(sources, runId);
    const last = tries.at(-1);
    if (last?.isOpen === true) return last.effects.map(compensationOf);
    const order = orderOf(runId, folded, { by: request.by, effects: last?.effects });
    if (await begin(client, order, { place: tries.length + 1, ...request })) {
      return order.effects.map(compensationOf);
    }
  }
}

/** False where another was faster. */
async function begin(
  client: Client,
  order: UndoOrder,
  { place, taskQueue }: { readonly place: number; readonly taskQueue: string },
): Promise<boolean> {
  try {
    await client.workflow.start(UNDO_WORKFLOW_TYPE, {
      workflowId: undoIdOf(order.runId, place),
      taskQueue,
      args: [order],
      workflowIdReusePolicy: "REJECT_DUPLICATE",
      workflowIdConflictPolicy: "FAIL",
      staticSummary: `undo ${order.runId}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

function orderOf(
  runId: string,
  { run: { input, state }, last }: Folded,
  { by, effects: left }: { readonly by: string; readonly effects: readonly Effect[] | undefined },
): UndoOrder {
  const { memory } = state;
  const effects = (left ?? memory?.effects.done ?? []).map(dueAgain);
  if (memory === null || input === null || nextToUndo(effects) === null) {
    throw new PawlError("NOTHING_TO_UNDO", whyNothing(runId, memory, effects));
  }
  const { tools, timers } = memory.snapshot;
  const { heartbeatTimeoutMs, retryInitialMs } = timers;
  const used = tools.filter(({ name }) => effects.some(({ tool }) => tool === name));
  return {
    runId,
    tenant: input.tenant,
    by,
    outcome: outcomeIn(last),
    effects,
    tools: used.map(({ name, timeoutMs }) => ({ name, timeoutMs })),
    timers: { heartbeatTimeoutMs, retryInitialMs },
  };
}

/** What could not be taken back may be by now. */
function dueAgain(effect: Effect): Effect {
  return effect.undo.kind === "failed" ? { ...effect, undo: { kind: "due" } } : effect;
}

function whyNothing(runId: string, memory: Memory | null, effects: readonly Effect[]): string {
  if (memory === null || effects.length === 0) return `The run ${runId} changed nothing.`;
  const stands = effects.filter(({ undo }) => undo.kind === "impossible");
  if (stands.length === 0) return `All that the run ${runId} did is undone.`;
  const names = [...new Set(stands.map(({ tool }) => tool))].join(", ");
  return `What the run ${runId} did stands: ${names} can't be undone.`;
}

function outcomeIn(last: Folded["last"]): Outcome {
  const fact = last?.fact;
  if (fact?.kind === "ended") return fact.result.outcome;
  if (fact?.kind === "broken") return brokenOutcome(fact);
  return { kind: "answered" };
}

/** One run as it stands or ended, with what became of its effects since. */
export async function showRun(sources: RunSources, runId: string): Promise<RunShown> {
  const shown = await readRun(sources, runId);
  if (shown.kind === "open" || !shown.did) return shown;
  const last = (await triesAt(sources, runId)).at(-1);
  if (last === undefined) return shown;
  const compensations = last.effects.map(compensationOf);
  return { ...shown, result: { ...shown.result, compensations } };
}

async function triesAt(sources: RunSources, runId: string): Promise<readonly Undoing[]> {
  const tries: Undoing[] = [];
  while (true) {
    const next = await readTry(sources, undoIdOf(runId, tries.length + 1));
    if (next === null) return tries;
    tries.push(next);
  }
}

async function readTry(sources: RunSources, id: string): Promise<Undoing | null> {
  const isOpen = await isOpenTry(sources.client, id);
  if (isOpen === null) return null;
  let effects: readonly Effect[] = [];
  for await (const step of stepsOf(sources, id, { wait: false })) effects = step.effects;
  return { id, isOpen, effects };
}

async function isOpenTry(client: Client, id: string): Promise<boolean | null> {
  try {
    const { status } = await client.workflow.getHandle(id).describe();
    return status.name === "RUNNING";
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

interface UndoStep {
  readonly effects: readonly Effect[];
  readonly event: ToolCompensated | null;
}

/** Each effect as it is taken back, until all are; then what became of them. */
async function* watchUndo(
  sources: RunSources,
  runId: string,
  signal?: AbortSignal,
): AsyncGenerator<ToolCompensated, readonly Compensation[], undefined> {
  const tries = await asked(triesAt(sources, runId), runId);
  const id = undoIdOf(runId, Math.max(1, tries.length));
  let effects: readonly Effect[] = [];
  const follow = { wait: true, ...(signal !== undefined && { signal }) };
  for await (const step of stepsOf(sources, id, follow)) {
    effects = step.effects;
    if (step.event !== null) yield step.event;
  }
  return effects.map(compensationOf);
}

async function* stepsOf(
  { histories, converter }: RunSources,
  id: string,
  follow: { readonly wait: boolean; readonly signal?: AbortSignal },
): AsyncGenerator<UndoStep, void, undefined> {
  const reader = createFactReader(converter);
  let effects: readonly Effect[] = [];
  let runId = "";
  for await (const event of tailHistory(histories, { runId: id, executionId: "", ...follow })) {
    const started = event.workflowExecutionStartedEventAttributes;
    if (started != null) {
      const order = undoFrom(await decodeForeign(converter, started.input?.payloads));
      if ("problem" in order) return;
      ({ effects, runId } = order.value);
      yield { effects, event: null };
      continue;
    }
    for (const { fact, eventId, atMs } of await reader.read(event)) {
      if (fact.kind !== "compensated") continue;
      const news = compensationNews(effects, fact);
      effects = withUndone(effects, fact);
      const place = { id: `0.${eventId}`, runId, ts: new Date(atMs).toISOString() };
      for (const body of news) yield { effects, event: { ...body, ...place } };
    }
  }
}
