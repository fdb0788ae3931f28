// How a workflow of somebody else's begins a run, as its child: the run has the id, the memo and the columns of any
// other, is listed and steered like it, and gives back what any run does. A mistake in the order fails the workflow
// that made it, at once and for good, and never its task.

import {
  ApplicationFailure,
  startChild,
  uuid4,
  type ChildWorkflowHandle,
} from "@temporalio/workflow";
import { isPawlError } from "../src/domain/errors.ts";
import { LOCAL_TENANT, sessionName, tenantName } from "../src/domain/payer-names.ts";
import type { RunResult } from "../src/domain/outcome.ts";
import { keyedRunId, orderDigest } from "../src/domain/run/identity.ts";
import type { Order } from "../src/domain/run/order.ts";
import { inputFrom } from "../src/domain/run/parse-order.ts";
import { WORKFLOW_TYPE } from "../src/temporal/names.ts";
import { startOptions, type NewRun } from "../src/temporal/run-start.ts";
import type { agentRun } from "./agent-run.ts";
import { invalidInput } from "./input.ts";

/** What an agent is to do for a workflow, and on which terms. */
export interface AgentOrder extends Partial<Omit<Order, "task" | "traceId" | "batch">> {
  readonly task: string;
  /** The same key and order are the same run, whoever begins it; a second start under a key fails. */
  readonly key?: string;
  /** Where Pawl's workers take runs from; without it the workflow's own queue. */
  readonly taskQueue?: string;
  /**
   * What becomes of the run where the workflow ends before it. `REQUEST_CANCEL`, the default, lets it close its books;
   * `ABANDON` lets it go on.
   */
  readonly parentClosePolicy?: "REQUEST_CANCEL" | "ABANDON";
}

/** Begins a run and waits until it has started: `workflowId` of the handle is its id, `result()` what it came to. */
export async function startAgentRun(
  order: AgentOrder,
): Promise<ChildWorkflowHandle<typeof agentRun>> {
  const { taskQueue, parentClosePolicy = "REQUEST_CANCEL", ...wanted } = order;
  return await startChild<typeof agentRun>(WORKFLOW_TYPE, {
    ...startOptions(newRun(wanted)),
    ...(taskQueue === undefined ? {} : { taskQueue }),
    parentClosePolicy,
    // A run that is cancelled brings home what it has.
    cancellationType: "WAIT_CANCELLATION_COMPLETED",
  });
}

/** Begins a run and waits for its end. Limits, refusals and failures are outcomes, and nothing that is thrown. */
export async function runAgent(order: AgentOrder): Promise<RunResult> {
  const run = await startAgentRun(order);
  return await run.result();
}

const DEFAULT_AGENT = "assistant";

function newRun(order: Omit<AgentOrder, "taskQueue" | "parentClosePolicy">): NewRun {
  const { key, ...terms } = order;
  const { tenant, session } = namesIn(terms);
  const asked = {
    agent: DEFAULT_AGENT,
    limits: {},
    onLimit: "stop" as const,
    ...terms,
    tenant,
    session,
  };
  const input = inputFrom({ ...asked, traceId: uuid4().replaceAll("-", "") }, FIRST_HISTORY);
  if ("problem" in input) throw invalidInput(`No run can be begun: ${input.problem}.`);
  const runId = key === undefined ? `run_${uuid4()}` : usable(() => keyedRunId(tenant, key));
  return { runId, digest: orderDigest(asked), input: input.value };
}

const FIRST_HISTORY = { continuedFrom: "", cronSchedule: "" };

function namesIn({
  tenant = LOCAL_TENANT,
  session = LOCAL_TENANT,
}: Pick<AgentOrder, "tenant" | "session">) {
  return { tenant: usable(() => tenantName(tenant)), session: usable(() => sessionName(session)) };
}

/** An error that is no failure of Temporal's would fail the task again and again. */
function usable<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!isPawlError(error)) throw error;
    const { code, message } = error;
    throw ApplicationFailure.create({ type: code, message, nonRetryable: true, cause: error });
  }
}
