// POST /v1/runs: a task becomes a run, once per key.

import { z } from "@hono/zod-openapi";
import { CAN_WAIT, LIMITS, limitsOf } from "../../client/caller-limits.ts";
import type { RunOrder } from "../../client/run-order.ts";
import { ON_FAILURE } from "../../domain/effect.ts";
import { PERMISSIONS } from "../../domain/permission.ts";
import { POLICIES } from "../../domain/run/snapshot.ts";
import { addRoute, answer, type App } from "../define-route.ts";
import { present } from "../../domain/present.ts";
import { outerPath } from "../outer-address.ts";
import { permissionFor, type Principal } from "../principal.ts";
import { name, STATUS } from "../schemas.ts";

const TOOLS = z.array(name(64)).max(100);

const ORDER = z
  .strictObject({
    task: z.string().min(1).regex(/\S/, "must not be empty"),
    agent: name(64).optional(),
    tier: z.enum(["simple", "medium", "complex"]).optional(),
    model: name(128).optional(),
    routing: z.enum(POLICIES).optional(),
    session: name(64).optional(),
    limits: LIMITS.optional(),
    onLimit: z.enum(["stop", "pause"]).optional(),
    onFailure: z.enum(ON_FAILURE).optional().openapi({
      description: "What becomes of what tools did, where the run fails or is cancelled.",
    }),
    canWait: CAN_WAIT.optional().openapi({
      description: "Half price; each reply may take a day. forMs: answer by then.",
    }),
    policy: z.strictObject({ ask: TOOLS, deny: TOOLS }).partial().optional(),
    permission: z.enum(PERMISSIONS).optional().openapi({
      description:
        "No tool above it is offered; the lowest of this, the key's and the agent's holds.",
    }),
  })
  .openapi("RunOrder");

const RECEIPT = z
  .strictObject({
    runId: z.string(),
    traceId: z.string(),
    status: STATUS,
    link: z.string().nullable(),
    created: z.boolean(),
    urls: z.strictObject({ self: z.string(), events: z.string(), result: z.string() }).openapi({
      description: "Paths of the host that was asked, below that of PAWL_GATEWAY_URL.",
    }),
  })
  .openapi("RunReceipt");

const KEYED = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(256)
    .regex(/\S/, "must not be empty")
    .optional()
    .openapi({
      description: "The same key and body give the same run, however often they are sent.",
    }),
});

export function addSubmit(app: App): void {
  addRoute(
    app,
    {
      method: "post",
      path: "/v1/runs",
      operationId: "startRun",
      summary: "Start a run",
      scopes: ["runs:write"],
      headers: KEYED,
      body: ORDER,
      answers: {
        201: { description: "The run was started.", schema: RECEIPT },
        200: { description: "The key was known: this is its run.", schema: RECEIPT },
      },
      problems: [
        "IDEMPOTENCY_MISMATCH",
        "TASK_TOO_LARGE",
        "INPUT_REJECTED",
        "UNKNOWN_MODEL",
        "UNKNOWN_TENANT",
      ],
    },
    async ({ body, headers, principal, gateway, c }) => {
      const order = orderOf(
        body,
        headers["idempotency-key"],
        principal,
        gateway.config.caller.session,
      );
      const { runId, traceId, link, created } = await gateway.client.start(order);
      if (created) gateway.metrics.runStarted();
      const self = outerPath(`/v1/runs/${runId}`, gateway.config.gateway.url);
      const urls = { self, events: `${self}/events`, result: `${self}/result` };
      const status = created ? "running" : (await gateway.client.about(runId)).status;
      const receipt = { runId, traceId, status, link, created, urls };
      c.header("Location", self);
      return created ? answer(201, receipt) : answer(200, receipt);
    },
  );
}

function orderOf(
  body: z.output<typeof ORDER>,
  key: string | undefined,
  principal: Principal,
  session: string,
): RunOrder {
  const { agent, tier, model, routing, onLimit, onFailure, canWait } = body;
  const policy = body.policy && present(body.policy);
  const permission = permissionFor(principal, body.permission);
  return {
    task: body.task,
    tenant: principal.tenant,
    session: body.session ?? session,
    limits: limitsOf(body.limits ?? {}),
    ...present({
      agent,
      tier,
      model,
      routing,
      onLimit,
      onFailure,
      canWait,
      key,
      policy,
      permission,
    }),
  };
}
