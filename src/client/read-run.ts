// One run as it stands, or as it ended: read from its newest history, which carries all figures.

import type { Client } from "@temporalio/client";
import type { LoadedDataConverter } from "@temporalio/common";
import type { PendingApproval } from "../domain/approval.ts";
import type { RunResult, RunStatus } from "../domain/outcome.ts";
import type { Waiting } from "../domain/run.ts";
import { COLUMNS } from "../temporal/columns.ts";
import { usdOf } from "../domain/money.ts";
import { createFactReader, type Fact } from "./history-fact.ts";
import { tailHistory, type Histories } from "./histories.ts";
import { openStatus } from "./run-list.ts";
import { brokenOutcome, createTally, type Tally } from "./run-tally.ts";

export type RunShown =
  | { readonly kind: "ended"; readonly about: RunAbout; readonly result: RunResult }
  | {
      readonly kind: "open";
      readonly about: RunAbout;
      readonly status: RunStatus;
      readonly waiting: Waiting | null;
      readonly approvals: readonly PendingApproval[];
      readonly soFar: Omit<RunResult, "outcome">;
    };

export interface RunAbout {
  readonly task: string;
  readonly agent: string;
  readonly tenant: string;
  readonly session: string;
  /** Null until the run has been opened by a worker. */
  readonly model: string | null;
  /** Which tier the run was given to last, and why; null where nobody chose. */
  readonly routing: string | null;
  readonly offline: boolean;
  readonly capUsd: number | null;
  readonly link: string | null;
}

export interface RunSources {
  readonly client: Client;
  readonly histories: Histories;
  readonly converter: LoadedDataConverter;
  readonly link: (runId: string) => string | null;
}

export interface ReadOptions {
  /** True waits for the end of the run. */
  readonly wait: boolean;
  readonly signal?: AbortSignal;
}

export async function readRun(
  sources: RunSources,
  runId: string,
  options: ReadOptions,
): Promise<RunShown> {
  const { tally, last } = await foldRun(sources, runId, options);
  const about = aboutOf(tally, sources.link(runId));
  if (last?.kind === "ended") return { kind: "ended", about, result: last.result };
  if (last?.kind === "broken") {
    const outcome = brokenOutcome(last.how, last.failure);
    return { kind: "ended", about, result: tally.result(runId, outcome, last.atMs) };
  }
  const { typedSearchAttributes } = await sources.client.workflow.getHandle(runId).describe();
  const status = openStatus(typedSearchAttributes.get(COLUMNS.status));
  const soFar = tally.soFar(runId, Date.now());
  const { waiting, approvals } = tally;
  return { kind: "open", about, status, waiting, approvals: approvals.waiting, soFar };
}

/** All that the newest history of a run says. */
export async function foldRun(
  sources: RunSources,
  runId: string,
  options: ReadOptions,
): Promise<Folded> {
  let executionId = "";
  while (true) {
    const folded = await fold(sources, { runId, executionId, ...options });
    if (folded.last?.kind !== "movedOn") return folded;
    executionId = folded.last.nextExecutionId;
  }
}

interface Folded {
  readonly tally: Tally;
  readonly last: Fact | null;
}

async function fold(
  { histories, converter }: RunSources,
  tail: Parameters<typeof tailHistory>[1],
): Promise<Folded> {
  const tally = createTally();
  const reader = createFactReader(converter);
  let last: Fact | null = null;
  for await (const event of tailHistory(histories, tail)) {
    const fact = await reader.read(event);
    if (fact === null) continue;
    tally.apply(fact);
    last = fact;
  }
  return { tally, last };
}

function routingOf(state: Tally["state"]): string | null {
  return state?.course?.why ?? null;
}

function aboutOf({ input, state }: Tally, link: string | null): RunAbout {
  return {
    task: input?.task ?? "",
    agent: input?.agent ?? "",
    tenant: input?.tenant ?? "",
    session: input?.session ?? "",
    model: state?.snapshot.model ?? null,
    routing: routingOf(state),
    offline: state?.snapshot.offline ?? false,
    capUsd: state === null ? null : usdOf(state.costCapMicroUsd),
    link,
  };
}
