// A person lets a run go on: from a pause, or at a limit at which it is parked, perhaps with more money of its own.
// Where nothing changed by it the person is told so, and why: a run that looks at a spent cap again waits again.

import { v7 as uuidv7 } from "uuid";
import { PawlError } from "../domain/errors.ts";
import { dollars, microUsdOf, usdOf } from "../domain/money.ts";
import type { Raise } from "../domain/run/parse-resume.ts";
import { pendingOf } from "../domain/run/shown.ts";
import type { RunState, Wait } from "../domain/run/state.ts";
import { isParked } from "../domain/run/waits.ts";
import { RAISE_UPDATE, SIGNALS, type Raised } from "../temporal/names.ts";
import { createFactReader, type Told } from "./history-facts.ts";
import { tailHistory } from "./histories.ts";
import { foldRun, type RunSources } from "./read-run.ts";
import { ofRun, runEnded, told } from "./steer.ts";
import { updateRun } from "./update-run.ts";

export interface ResumeOrder {
  /** Who says it. */
  readonly by?: string;
  /** Added to what the run itself may cost, within what the operator allows. */
  readonly addMicroUsd?: number;
}

export interface Resumed {
  readonly addedUsd: number;
  /** What the run itself may cost now; null where it was not asked. */
  readonly capUsd: number | null;
  /** True where the operator allows less than was asked for. */
  readonly isClamped: boolean;
}

/** A run that looks again does so at once where a worker serves it. */
const LOOKS_WITHIN_MS = 6000;
/** What can't pay a call says so in no time; after this a call is being made. */
const DENIED_WITHIN_MS = 2500;

/** Throws PawlError NOTHING_CHANGED, RUN_ENDED, RUN_NOT_FOUND. */
export async function resumeRun(
  sources: RunSources,
  runId: string,
  { by = "", addMicroUsd }: ResumeOrder,
): Promise<Resumed> {
  const handle = ofRun(sources.client.workflow.getHandle(runId));
  const { run, last, isOver } = await foldRun(sources, runId);
  if (isOver) throw runEnded(runId);
  const { state } = run;
  let resumed: Resumed = { addedUsd: 0, capUsd: null, isClamped: false };
  if (addMicroUsd === undefined) {
    const why = whyNothingToResume(state);
    if (why !== null) throw new PawlError("NOTHING_CHANGED", `The run ${runId} ${why}.`);
    await told(handle, (workflow) => workflow.signal(SIGNALS.resume, { by }));
  } else {
    resumed = await raised(sources, runId, { by, addMicroUsd });
  }
  if (parkedAt(state) === null) return resumed;
  const again = await parkedAgain(sources, runId, last?.eventId ?? 0);
  if (again !== null) throw stillParked(runId, again, resumed);
  return resumed;
}

async function raised({ client }: RunSources, runId: string, argument: Raise): Promise<Resumed> {
  const { addedMicroUsd, capMicroUsd } = await updateRun<Raised>(client, {
    ...{ runId, name: RAISE_UPDATE, updateId: uuidv7(), argument },
    what: "the money",
  });
  const isClamped = addedMicroUsd < argument.addMicroUsd;
  return { addedUsd: usdOf(addedMicroUsd), capUsd: usdOf(capMicroUsd), isClamped };
}

function whyNothingToResume(state: RunState): string | null {
  if (state.paused || parkedAt(state) !== null) return null;
  if (pendingOf(state).length > 0) return "waits for a person's decision, see `pawl approvals`";
  const { wait } = state;
  if (wait === null) return "is not paused and waits at no limit";
  return `waits by itself (${wait.reason}), and goes on when that is over`;
}

function parkedAt({ wait }: RunState): Wait | null {
  return wait !== null && isParked(wait) ? wait : null;
}

/** The wait of a run that looked again and could not go on; null where it goes on, or nobody serves it. */
async function parkedAgain(
  sources: RunSources,
  runId: string,
  behind: number,
): Promise<Wait | null> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  let timer = setTimeout(leave, LOOKS_WITHIN_MS);
  try {
    for await (const { fact, eventId } of factsOf(sources, runId, leaving.signal)) {
      if (eventId <= behind) continue;
      if (fact.kind === "waits") return isParked(fact.wait) ? fact.wait : null;
      if (ON_ITS_WAY.includes(fact.kind)) return null;
      if (fact.kind !== "asked") continue;
      clearTimeout(timer);
      timer = setTimeout(leave, DENIED_WITHIN_MS);
    }
    return null;
  } finally {
    clearTimeout(timer);
    leave();
  }
}

async function* factsOf(
  { histories, converter }: RunSources,
  runId: string,
  signal: AbortSignal,
): AsyncGenerator<Told, void, undefined> {
  const reader = createFactReader(converter);
  for await (const event of tailHistory(histories, {
    runId,
    executionId: "",
    wait: true,
    signal,
  })) {
    yield* await reader.read(event);
  }
}

const ON_ITS_WAY: readonly string[] = ["replied", "submitted", "closing", "ended", "movedOn"];

function stillParked(runId: string, { limit, message }: Wait, { addedUsd }: Resumed): PawlError {
  const added = addedUsd > 0 ? `, also with ${dollars(microUsdOf(addedUsd))} more` : "";
  const how = limit === "cost" ? `; \`pawl resume ${runId} --add USD\` gives it more` : "";
  return new PawlError(
    "NOTHING_CHANGED",
    `The run ${runId} looked again${added}, and still waits: ${message.replace(/\.$/, "")}${how}.`,
  );
}
