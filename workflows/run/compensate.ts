// Takes back what one call did. It is tried again and again, and never stopped by a cancel: it is what a cancel asks
// for. That it could not be done is a fact like any other.

import { isCancellation, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { notCompensated, type Compensated } from "../../src/domain/effect.ts";
import type { CompensateInput } from "../../src/domain/tool-call.ts";
import type { Step } from "../../src/domain/run/step.ts";
import type { Timers } from "../../src/domain/run/snapshot.ts";
import type { ToolSpec } from "../../src/domain/tool.ts";
import { compensating } from "../activity-options.ts";
import { withTranscript } from "../transcript.ts";
import { failureOf } from "./ask-model.ts";
import type { Life } from "./life.ts";
import { summaryOf } from "./show.ts";
import { tellNotUndone } from "./tell.ts";

/** What an attempt may take is as it was pinned when the run began. */
export interface Terms {
  readonly tool: Pick<ToolSpec, "timeoutMs">;
  readonly timers: Pick<Timers, "heartbeatTimeoutMs" | "retryInitialMs">;
}

export async function compensate(
  life: Life,
  step: Extract<Step, { kind: "compensate" }>,
  runId: string,
): Promise<void> {
  const { undo: _, ...effect } = step.effect;
  const { outcome } = step;
  const { memory } = life.state;
  if (memory === null) throw new Error("a run that was not opened has no effects");
  const { tools, timers } = memory.snapshot;
  const tool = tools.find(({ name }) => name === effect.tool);
  if (tool === undefined) throw new Error(`the tool ${effect.tool} vanished between two lines`);
  life.record({ kind: "compensationBegan", callId: effect.callId, outcome });
  const { tenant } = life.order;
  life.record(await takenBack({ runId, tenant, effect, outcome }, { tool, timers }));
}

export async function takenBack(
  input: CompensateInput,
  { tool, timers }: Terms,
): Promise<Compensated> {
  const { turn, callId, tool: name } = input.effect;
  const activities = proxyActivities<Activities>({
    ...compensating(tool, timers),
    summary: summaryOf(`undo turn ${turn}`, name),
  });
  try {
    return await withTranscript(() => activities.compensate(input), input.runId);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { message } = failureOf(error);
    tellNotUndone(input, message);
    return notCompensated(callId, message);
  }
}
