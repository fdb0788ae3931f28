// POST /v1/runs/{runId}/messages: a person speaks to a run in flight.

import { z } from "@hono/zod-openapi";
import { addRoute, answer, type App } from "../define-route.ts";
import { ownRun } from "../own-run.ts";
import { name, RUN_PATH } from "../schemas.ts";
import { present } from "../../domain/present.ts";

const MESSAGE = z
  .strictObject({
    text: z.string().min(1).regex(/\S/, "must not be empty"),
    mode: z.enum(["queue", "interrupt"]).optional().openapi({
      description: "queue: with the next turn; interrupt: the reply is stopped first.",
    }),
    messageId: name(128)
      .optional()
      .openapi({ description: "The same id is heard once, however often it is sent." }),
  })
  .openapi("Message");

export function addMessages(app: App): void {
  addRoute(
    app,
    {
      method: "post",
      path: "/v1/runs/{runId}/messages",
      operationId: "sayToRun",
      summary: "Say something to a run in flight",
      scopes: ["runs:write"],
      params: RUN_PATH,
      body: MESSAGE,
      answers: {
        202: {
          description: "The run will hear it.",
          schema: z.strictObject({ messageId: z.string() }).openapi("MessageReceipt"),
        },
      },
      problems: ["RUN_ENDED", "INBOX_FULL"],
    },
    async ({ params: { runId }, body: { text, mode, messageId }, principal, gateway }) => {
      await ownRun(gateway, principal, runId);
      const said = await gateway.client.say(runId, {
        text,
        by: principal.name,
        ...present({ mode, messageId }),
      });
      return answer(202, said);
    },
  );
}
