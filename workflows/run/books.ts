// How a run begins and ends: its agent is pinned, and its holds are resolved by the ledger, which has the last
// word on what was spent.

import { proxyActivities, workflowInfo } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { costCapNow } from "../../src/domain/run/own-cap.ts";
import { resultOf } from "../../src/domain/run/result.ts";
import { startMemo } from "../../src/temporal/run-start.ts";
import { opening } from "../activity-options.ts";
import { books } from "../bookkeeper.ts";
import { failureOf } from "./ask-model.ts";
import type { Life } from "./life.ts";

export async function openBooks(life: Life): Promise<void> {
  const { openRun } = proxyActivities<Activities>({ ...opening(), summary: "pin the agent" });
  try {
    const opened = await life.stoppable(() => openRun(life.order));
    life.record({ kind: "opened", opened });
  } catch (error) {
    life.record(failureOf(error));
  }
}

export async function closeBooks(life: Life, outcome: Outcome): Promise<void> {
  const { closeRun } = books("resolve holds, read the totals");
  const { order, state } = life;
  const { workflowId, memo } = workflowInfo();
  const durationMs = Date.now() - state.startedAtMs;
  life.record({ kind: "closing", outcome, durationMs });
  const { tenant, session, agent, traceId, task } = order;
  const { memory, startedAtMs } = life.state;
  const draft = resultOf({ runId: workflowId, traceId }, state, {
    outcome,
    durationMs,
    ledger: null,
  });
  const ledger = await closeRun({
    tenant,
    session,
    agent,
    traceId,
    outcome,
    turns: memory?.counts.turn ?? 0,
    toolCalls: memory?.counts.toolCalls ?? 0,
    durationMs,
    record: {
      task,
      taskDigest: startMemo(memo).taskDigest || null,
      model: memory?.snapshot.model ?? null,
      offline: draft.offline,
      capMicroUsd: memory === null ? null : costCapNow(memory),
      startedAtMs,
      result: draft,
    },
  });
  life.record({ kind: "closed", ledger });
}
