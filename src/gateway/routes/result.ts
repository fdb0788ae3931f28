// What a run came to, for programs that ask again until it is there; and its events, as they come.

import { z } from "@hono/zod-openapi";
import { addRoute, answer, type App } from "../define-route.ts";
import { ownRun } from "../own-run.ts";
import { RESULT, RUN_PATH } from "../schemas.ts";

const PENDING = z.strictObject({ status: z.literal("pending") }).openapi("ResultPending");

const READY = z
  .strictObject({
    /** `error` where the run failed; every other end is `done`. */
    status: z.enum(["done", "error"]),
    result: RESULT,
  })
  .openapi("ResultReady");

export function addResult(app: App): void {
  addRoute(
    app,
    {
      method: "get",
      path: "/v1/runs/{runId}/result",
      operationId: "getResult",
      summary: "The result of a run, or that it is pending",
      scope: "runs:read",
      params: RUN_PATH,
      answers: {
        200: { description: "The run has ended.", schema: READY },
        202: { description: "The run goes on; ask again.", schema: PENDING },
      },
    },
    async ({ params: { runId }, principal, gateway }) => {
      const brief = await ownRun(gateway, principal, runId);
      if (brief.status !== "ended") return answer(202, { status: "pending" });
      const shown = await gateway.client.show(runId);
      if (shown.kind === "open") return answer(202, { status: "pending" });
      const status = shown.result.outcome.kind === "failed" ? "error" : "done";
      return answer(200, { status, result: { ...shown.result } });
    },
  );
}
