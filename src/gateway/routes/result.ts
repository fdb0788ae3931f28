// What a run came to, for programs that ask again until it is there; and its events, as they come.

import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { z } from "@hono/zod-openapi";
import { addRoute, answer, type App } from "../define-route.ts";
import { ANSWER_WITHIN_MS } from "../in-time.ts";
import { PawlError } from "../../domain/errors.ts";
import { mayWatch, ownRun } from "../own-run.ts";
import { RESULT, RUN_PATH } from "../schemas.ts";
import { resumeAfter, sendEvents } from "../sse.ts";

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
      scopes: ["runs:read"],
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
  addEvents(app);
}

const EVENTS_QUERY = z.strictObject({
  after: z
    .string()
    .max(128)
    .optional()
    .openapi({ description: "As the header Last-Event-ID: the stream goes on behind this event." }),
});

const RESUMED = z.object({ "last-event-id": z.string().max(128).optional() });

function addEvents(app: App): void {
  addRoute(
    app,
    {
      method: "get",
      path: "/v1/runs/{runId}/events",
      operationId: "watchRun",
      summary: "The events of a run as server-sent events, until it has ended",
      scopes: ["runs:read"],
      params: RUN_PATH,
      query: EVENTS_QUERY,
      headers: RESUMED,
      answers: {
        200: {
          description: "`event:` is the type, `data:` the event, `id:` what to resume behind.",
          contentType: "text/event-stream",
        },
      },
      problems: ["TOO_MANY_STREAMS"],
      isStream: true,
    },
    async ({ params: { runId }, query, headers, principal, gateway, c }) => {
      const after = resumeAfter(headers["last-event-id"], query.after);
      const mine = () => mayWatch(gateway, principal, runId);
      await gateway.client.within(ANSWER_WITHIN_MS - c.get("waitedMs"), mine);
      // Whoever was told that nothing answers is not shown anything.
      if (c.env.outgoing.headersSent) return RESPONSE_ALREADY_SENT;
      if (gateway.draining.aborted) {
        throw new PawlError("BACKEND_UNREACHABLE", "this gateway is ending");
      }
      gateway.streams.admit(principal, c.env.outgoing);
      c.env.outgoing.setHeader("X-Request-Id", c.get("requestId"));
      sendEvents(gateway.hub, c.env.outgoing, { runId, after });
      return RESPONSE_ALREADY_SENT;
    },
  );
}
