// What a caller orders, made into an identity: the run's id, and a digest that tells a repeated order
// from a different one under the same key.

import { randomBytes } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import type { OnFailure } from "../domain/effect.ts";
import type { CallerLimits } from "../domain/limits.ts";
import { admit, INPUT_RULES_DEFAULT, isBlank, type InputRules } from "../domain/input-rules.ts";
import type { Tier } from "../domain/prices.ts";
import { SHIPPED_MODELS, specOf } from "../domain/model-table.ts";
import { PawlError } from "../domain/errors.ts";
import { sessionName, tenantName } from "../domain/payer-names.ts";
import type { Permission } from "../domain/permission.ts";
import type { Policy } from "../domain/run/snapshot.ts";
import { keyedRunId, orderDigest } from "../domain/run/identity.ts";
import type { NewRun } from "../temporal/run-start.ts";
import { TASK_BYTES_MAX, type CallerPolicy, type CanWait } from "../domain/run/order.ts";
import { present } from "../domain/present.ts";

export interface RunOrder {
  readonly task: string;
  readonly agent?: string;
  readonly tenant: string;
  readonly session: string;
  /** The same key and order give the same run, however often they are sent. */
  readonly key?: string;
  readonly model?: string;
  readonly tier?: Tier;
  /** Who chooses the model; with a model or tier and without this, nobody does. */
  readonly routing?: Policy;
  readonly limits?: CallerLimits;
  readonly onLimit?: "stop" | "pause";
  /** What becomes of what its tools did, where the run fails or is cancelled; else its agent says. */
  readonly onFailure?: OnFailure;
  /** Half price for replies that may take up to a day each (docs/batch-lane.md). */
  readonly canWait?: CanWait;
  /** Tools to be asked about, or not to be used: it only makes the rules stricter. */
  readonly policy?: CallerPolicy;
  /** Of tools that may be offered, the highest: the lowest of this and the agent's holds. */
  readonly permission?: Permission;
}

const DEFAULT_AGENT = "assistant";

/** Throws PawlError USAGE, UNKNOWN_TENANT, TASK_TOO_LARGE, INPUT_REJECTED or UNKNOWN_MODEL; nothing has been spent then. */
export function identify(
  order: RunOrder,
  rules: InputRules = INPUT_RULES_DEFAULT,
  models = SHIPPED_MODELS,
): NewRun {
  const task = usableTask(order.task, rules);
  if (order.model !== undefined) specOf(models, order.model);
  const { model, tier, agent = DEFAULT_AGENT, onLimit = "stop" } = order;
  const limits = order.limits ?? {};
  const [tenant, session] = [tenantName(order.tenant), sessionName(order.session)];
  const asked = {
    task,
    agent,
    tenant,
    session,
    limits,
    onLimit,
    ...present({
      model,
      tier,
      routing: order.routing,
      onFailure: order.onFailure,
      canWait: order.canWait && usableWait(order.canWait),
      policy: order.policy && usablePolicy(order.policy),
      permission: order.permission,
    }),
  };
  return {
    runId: order.key === undefined ? `run_${uuidv7()}` : keyedRunId(tenant, order.key),
    input: { ...asked, traceId: randomBytes(16).toString("hex") },
    digest: orderDigest(asked),
  };
}

function usableTask(given: string, rules: InputRules): string {
  const task = given.toWellFormed();
  if (isBlank(task)) throw new PawlError("USAGE", "The task is empty.");
  // As it will lie in the payload: quotes and control characters take more there.
  const bytes = Buffer.byteLength(JSON.stringify(task)) - 2;
  if (bytes > TASK_BYTES_MAX) {
    const message = `The task has ${bytes} bytes; ${TASK_BYTES_MAX} are possible.`;
    throw new PawlError("TASK_TOO_LARGE", message);
  }
  admit(given, rules);
  return task;
}

function usableWait({ forMs }: CanWait): CanWait {
  if (forMs === null || (Number.isSafeInteger(forMs) && forMs > 0)) return { forMs };
  throw new PawlError("USAGE", "A run can wait for a whole number of milliseconds above 0.");
}

/** In order and without repetition, so that the same wish is the same order under its key. */
function usablePolicy({ ask = [], deny = [] }: CallerPolicy): CallerPolicy {
  for (const name of [...ask, ...deny]) {
    if (/^[\w-]{1,64}$/.test(name)) continue;
    throw new PawlError("USAGE", `${JSON.stringify(name)} is no name of a tool.`);
  }
  const listed = (names: readonly string[]): string[] => [...new Set(names)].toSorted();
  return { ask: listed(ask), deny: listed(deny) };
}
