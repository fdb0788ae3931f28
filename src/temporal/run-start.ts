// How a run is begun, whoever begins it: the client, or a batch as its child; and what its memo says
// from then on, to whoever lists it. Pure: workflow code may import it.

import type { RunInput } from "../domain/run.ts";
import { COLUMNS } from "./columns.ts";

export interface NewRun {
  readonly runId: string;
  /** Tells a repeated order from another one under the same key. */
  readonly digest: string;
  readonly input: RunInput;
}

interface StartMemo {
  readonly taskDigest: string;
  /** The first of it. */
  readonly task: string;
  readonly traceId: string;
  readonly session: string;
}

const TASK_CHARS_SHOWN = 200;
const SUMMARY_CHARS = 100;

/** The options of a start that are the same whoever starts. */
export function startOptions({ runId, digest, input }: NewRun) {
  const { task, tenant, agent, session, traceId } = input;
  const memo: StartMemo = { taskDigest: digest, task: shortTask(task), traceId, session };
  return {
    workflowId: runId,
    args: [input] as [RunInput],
    // An id is a key that a caller relies on, also when its run is over.
    workflowIdReusePolicy: "REJECT_DUPLICATE" as const,
    memo: { ...memo },
    typedSearchAttributes: [
      { key: COLUMNS.agent, value: agent },
      { key: COLUMNS.tenant, value: tenant },
      { key: COLUMNS.session, value: session },
      { key: COLUMNS.status, value: "running" },
    ],
    staticSummary: memo.task.slice(0, SUMMARY_CHARS).toWellFormed(),
  };
}

/** Empty where nothing is said: other workflows may live in the same namespace. */
export function startMemo(memo: Readonly<Record<string, unknown>> | undefined): StartMemo {
  const text = (key: keyof StartMemo): string => {
    const value = memo?.[key];
    return typeof value === "string" ? value : "";
  };
  return {
    taskDigest: text("taskDigest"),
    task: text("task"),
    traceId: text("traceId"),
    session: text("session"),
  };
}

/** The first of a task, for lists. */
export function shortTask(task: string): string {
  return task.slice(0, TASK_CHARS_SHOWN).toWellFormed();
}
