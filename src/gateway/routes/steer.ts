// Cancel, pause and resume. What is asked twice is done once.

import { z } from "@hono/zod-openapi";
import { addRoute, answer, type App } from "../define-route.ts";
import { ownRun } from "../own-run.ts";
import { RUN_PATH } from "../schemas.ts";

const ACCEPTED = z
  .strictObject({ runId: z.string(), accepted: z.literal(true) })
  .openapi("Accepted");

const VERBS = {
  cancel: "Stop a run; what it has is kept",
  pause: "Let a run wait at its next turn",
  resume: "Let a paused or waiting run go on",
} as const;

export function addSteering(app: App): void {
  for (const verb of ["cancel", "pause", "resume"] as const) {
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
}
