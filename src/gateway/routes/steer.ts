// Cancel, pause, resume and undo. What is asked twice is done once, but for money that is added.

import { z } from "@hono/zod-openapi";
import { microUsdOf, usdOf } from "../../domain/money.ts";
import { present } from "../../domain/present.ts";
import { ADD_MICRO_USD_MAX } from "../../domain/run/parse-resume.ts";
import { addRoute, answer, type App } from "../define-route.ts";
import { ownRun } from "../own-run.ts";
import { COMPENSATION, RUN_PATH } from "../schemas.ts";

const ACCEPTED = z
  .strictObject({ runId: z.string(), accepted: z.literal(true) })
  .openapi("Accepted");

const CANCEL = z
  .strictObject({
    force: z
      .boolean()
      .optional()
      .openapi({
        description:
          "Where no worker serves the run, end it without one: what it has is not returned, and what it holds is " +
          "released, or charged, when a worker comes.",
      }),
  })
  .openapi("Cancel");

const CANCELLED = z
  .strictObject({
    runId: z.string(),
    accepted: z.literal(true),
    unservedQueue: z.string().nullable().openapi({
      description: "No worker polls it, so nobody hears of the cancel until one does.",
    }),
    isEnded: z.boolean(),
  })
  .openapi("Cancelled");

/** A million dollars: past that somebody mistook the unit. */
const ADD_USD_MAX = usdOf(ADD_MICRO_USD_MAX);

const RESUME = z
  .strictObject({
    addUsd: z.number().min(usdOf(1)).max(ADD_USD_MAX).optional().openapi({
      description: "Added to what the run itself may cost, within what its operator allows.",
    }),
  })
  .openapi("Resume");

const RESUMED = z
  .strictObject({
    runId: z.string(),
    accepted: z.literal(true),
    addedUsd: z.number(),
    capUsd: z.number().nullable(),
    isClamped: z.boolean(),
  })
  .openapi("Resumed");

const UNDOING = z
  .strictObject({
    runId: z.string(),
    accepted: z.literal(true),
    compensations: z.array(COMPENSATION).readonly(),
  })
  .openapi("Undoing");

export function addSteering(app: App): void {
  addUndo(app);
  addCancel(app);
  addRoute(
    app,
    {
      method: "post",
      path: "/v1/runs/{runId}/pause",
      operationId: "pauseRun",
      summary: "Let a run wait at its next turn",
      scopes: ["runs:write"],
      params: RUN_PATH,
      answers: { 202: { description: "The run has been told.", schema: ACCEPTED } },
      problems: ["RUN_ENDED"],
    },
    async ({ params: { runId }, principal, gateway }) => {
      await ownRun(gateway, principal, runId);
      await gateway.client.pause(runId);
      return answer(202, { runId, accepted: true });
    },
  );
  addRoute(
    app,
    {
      method: "post",
      path: "/v1/runs/{runId}/resume",
      operationId: "resumeRun",
      summary: "Let a paused or waiting run go on, perhaps with more money of its own",
      scopes: ["runs:write"],
      params: RUN_PATH,
      body: RESUME,
      isBodyOptional: true,
      answers: { 202: { description: "The run goes on.", schema: RESUMED } },
      problems: ["RUN_ENDED", "NOTHING_CHANGED"],
    },
    async ({ params: { runId }, body: { addUsd }, principal, gateway }) => {
      await ownRun(gateway, principal, runId);
      const addMicroUsd = addUsd === undefined ? undefined : microUsdOf(addUsd);
      const order = { by: principal.name, ...present({ addMicroUsd }) };
      return answer(202, { runId, accepted: true, ...(await gateway.client.resume(runId, order)) });
    },
  );
}

function addCancel(app: App): void {
  addRoute(
    app,
    {
      method: "post",
      path: "/v1/runs/{runId}/cancel",
      operationId: "cancelRun",
      summary: "Stop a run; what it has is kept",
      scopes: ["runs:write"],
      params: RUN_PATH,
      body: CANCEL,
      isBodyOptional: true,
      answers: { 202: { description: "The run has been told.", schema: CANCELLED } },
      problems: ["RUN_ENDED"],
    },
    async ({ params: { runId }, body: { force = false }, principal, gateway }) => {
      await ownRun(gateway, principal, runId);
      const { unservedQueue } = await gateway.client.cancel(runId);
      const isEnded = force && unservedQueue !== null;
      if (isEnded) await gateway.client.terminate(runId, principal.name);
      return answer(202, { runId, accepted: true, unservedQueue, isEnded });
    },
  );
}

function addUndo(app: App): void {
  addRoute(
    app,
    {
      method: "post",
      path: "/v1/runs/{runId}/undo",
      operationId: "undoRun",
      summary: "Take back what the tools of an ended run did, the last first",
      scopes: ["runs:write"],
      params: RUN_PATH,
      answers: {
        202: { description: "It is under way; the run shows what became of it.", schema: UNDOING },
      },
      problems: ["RUN_UNDER_WAY", "NOTHING_TO_UNDO"],
    },
    async ({ params: { runId }, principal, gateway }) => {
      await ownRun(gateway, principal, runId);
      const compensations = await gateway.client.undo(runId, principal.name);
      return answer(202, { runId, accepted: true, compensations });
    },
  );
}
