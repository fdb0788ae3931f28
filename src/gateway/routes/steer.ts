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

const VERBS = {
  cancel: "Stop a run; what it has is kept",
  pause: "Let a run wait at its next turn",
} as const;

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
  for (const verb of ["cancel", "pause"] as const) {
    addRoute(
      app,
      {
        method: "post",
        path: `/v1/runs/{runId}/${verb}`,
        operationId: `${verb}Run`,
        summary: VERBS[verb],
        scopes: ["runs:write"],
        params: RUN_PATH,
        answers: { 202: { description: "The run has been told.", schema: ACCEPTED } },
        problems: ["RUN_ENDED"],
      },
      async ({ params: { runId }, principal, gateway }) => {
        await ownRun(gateway, principal, runId);
        await gateway.client[verb](runId);
        return answer(202, { runId, accepted: true });
      },
    );
  }
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
