// One run as it stands, or as it ended: read from its newest history, which carries all figures.

import type { Client } from "@temporalio/client";
import type { LoadedDataConverter } from "@temporalio/common";
import type { PendingApproval } from "../domain/approval.ts";
import type { RunResult, RunStatus } from "../domain/outcome.ts";
import { usdOf } from "../domain/money.ts";
import type { Permission } from "../domain/permission.ts";
import type { PendingQuestions } from "../domain/question.ts";
import { questionsOf } from "../domain/run/questions.ts";
import { providerText } from "../domain/provider.ts";
import { costCapNow } from "../domain/run/own-cap.ts";
import { withLedger } from "../domain/run/result.ts";
import { pendingOf, statusOf, waitOf } from "../domain/run/shown.ts";
import type { RunTotals } from "../store/ledger.ts";
import { createFactReader, type Told } from "./history-facts.ts";
import type { LeftBehind } from "./queue.ts";
import { tailHistory, type Histories } from "./histories.ts";
import { brokenOutcome, resultNow, soFar, tellOn, UNTOLD, type ToldRun } from "./told-run.ts";
import { shownWait, type WaitShown } from "./wait-view.ts";

export type RunShown =
  | {
      readonly kind: "ended";
      readonly about: RunAbout;
      readonly result: RunResult;
      /** True where its tools changed something, as far as that is known. */
      readonly did: boolean;
    }
  | {
      readonly kind: "open";
      readonly about: RunAbout;
      readonly status: RunStatus;
      readonly waiting: WaitShown | null;
      readonly approvals: readonly PendingApproval[];
      readonly questions: readonly PendingQuestions[];
      /** Its costs are the ledger's, which knows of lost attempts before the run does. */
      readonly soFar: Omit<RunResult, "outcome">;
      /** Null where no ledger can be asked. */
      readonly books: OpenBooks | null;
    };

export interface OpenBooks {
  /** Set aside for the call under way. */
  readonly heldUsd: number;
  /** What lost attempts may have cost: part of the cost. */
  readonly fearedUsd: number;
}

export interface RunAbout {
  readonly task: string;
  readonly agent: string;
  readonly tenant: string;
  readonly session: string;
  /** Null until the run has been opened by a worker. */
  readonly model: string | null;
  /** Which tier the run was given to last, and why; null where nobody chose. */
  readonly routing: string | null;
  /** With whom the run began; null where that is not known. */
  readonly provider: string | null;
  /** How far its tools may go; null where nobody said, or where that is not known. */
  readonly permission: Permission | null;
  readonly capUsd: number | null;
  readonly link: string | null;
}

export interface RunSources {
  readonly client: Client;
  readonly histories: Histories;
  readonly converter: LoadedDataConverter;
  readonly link: (runId: string) => string | null;
  /** What the ledger says of a run; null where it can't be asked. */
  readonly totals?: (runId: string) => Promise<RunTotals | null>;
  /** Whether it is pinned to a build that nobody serves; null also where that can't be asked. */
  readonly leftBehind?: (runId: string) => Promise<LeftBehind | null>;
}

export async function readRun(sources: RunSources, runId: string): Promise<RunShown> {
  const { run, last } = await foldRun(sources, runId);
  const about = aboutOf(run, sources.link(runId));
  const did = (run.state.memory?.effects.done.length ?? 0) > 0;
  if (last?.fact.kind === "ended") return { kind: "ended", about, result: last.fact.result, did };
  if (last?.fact.kind === "broken") {
    const end = { outcome: brokenOutcome(last.fact), nowMs: last.atMs };
    return { kind: "ended", about, result: resultNow(runId, run, end), did };
  }
  const { state } = run;
  const [totals = null, left = null] = await Promise.all([
    sources.totals?.(runId),
    sources.leftBehind?.(runId),
  ]);
  const told = soFar(runId, run, Date.now());
  return {
    kind: "open",
    about,
    ...standingOf(state, left),
    approvals: pendingOf(state),
    questions: questionsOf(state),
    soFar: totals === null ? told : withTotals(told, totals),
    books: totals === null ? null : booksOf(totals),
  };
}

/** Nothing else that it may wait for would help a run whose build is gone. */
function standingOf(
  state: ToldRun["state"],
  left: LeftBehind | null,
): { readonly status: RunStatus; readonly waiting: WaitShown | null } {
  if (left !== null) {
    const waiting = { reason: "worker", message: left.message, nextAttemptAt: null } as const;
    return { status: "waiting", waiting };
  }
  const wait = waitOf(state);
  return { status: statusOf(state), waiting: wait === null ? null : shownWait(wait) };
}

function withTotals(told: Omit<RunResult, "outcome">, totals: RunTotals): typeof told {
  const { spentMicroUsd, fearedMicroUsd, crashTaxMicroUsd, modelAttempts } = totals;
  return withLedger(told, {
    spentMicroUsd: spentMicroUsd + fearedMicroUsd,
    crashTaxMicroUsd,
    modelAttempts,
  });
}

function booksOf({ heldMicroUsd, fearedMicroUsd }: RunTotals): OpenBooks {
  return { heldUsd: usdOf(heldMicroUsd), fearedUsd: usdOf(fearedMicroUsd) };
}

/** All that the newest history of a run says. */
export async function foldRun(sources: RunSources, runId: string): Promise<Folded> {
  let executionId = "";
  while (true) {
    const folded = await fold(sources, { runId, executionId, wait: false });
    if (folded.last?.fact.kind !== "movedOn") return folded;
    executionId = folded.last.fact.nextExecutionId;
  }
}

export interface Folded {
  readonly run: ToldRun;
  readonly last: Told | null;
  readonly isOver: boolean;
}

async function fold(
  { histories, converter }: RunSources,
  tail: Parameters<typeof tailHistory>[1],
): Promise<Folded> {
  const reader = createFactReader(converter);
  let run = UNTOLD;
  let last: Told | null = null;
  for await (const event of tailHistory(histories, tail)) {
    for (const told of await reader.read(event)) {
      run = tellOn(run, told);
      last = told;
    }
  }
  const isOver = last?.fact.kind === "ended" || last?.fact.kind === "broken";
  return { run, last, isOver };
}

function aboutOf({ input, state: { memory } }: ToldRun, link: string | null): RunAbout {
  const { task, agent, tenant, session } = input ?? NOBODY;
  const about = { task, agent, tenant, session, link };
  if (memory === null) {
    const permission = input?.permission ?? null;
    return { ...about, permission, model: null, routing: null, provider: null, capUsd: null };
  }
  const { snapshot, models } = memory;
  return {
    ...about,
    model: snapshot.model,
    routing: models.last.why || null,
    provider: providerText(snapshot.provider),
    permission: snapshot.permission?.lowest ?? null,
    capUsd: usdOf(costCapNow(memory)),
  };
}

const NOBODY = { task: "", agent: "", tenant: "", session: "" };
