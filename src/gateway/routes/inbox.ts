// What waits for a person in all runs that a caller may see: the same list for calls to decide and questions to answer.

import { z } from "@hono/zod-openapi";
import type { RunClient } from "../../client/run-client.ts";
import type { WaitingQuery } from "../../client/waiting.ts";
import { present } from "../../domain/present.ts";
import { addRoute, answer, type App } from "../define-route.ts";
import { tenantFilter } from "../principal.ts";
import { wholeNumber } from "../schemas.ts";
import { shareAnswers } from "../shared-answers.ts";

export interface Inbox<Schema extends z.ZodType> {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly schema: Schema;
  readonly read: (client: RunClient, query: WaitingQuery) => Promise<z.input<Schema>>;
}

/** It is a second or so late in any case. */
const INBOX_LASTS_MS = 1000;

export function addInbox<Schema extends z.ZodType>(app: App, inbox: Inbox<Schema>): void {
  const { path, operationId, summary, schema, read } = inbox;
  const shared = shareAnswers<z.input<Schema>>(INBOX_LASTS_MS);
  addRoute(
    app,
    {
      method: "get",
      path,
      operationId,
      summary,
      scopes: ["runs:read", "approvals:decide"],
      query: z.strictObject({ limit: wholeNumber(1, 1000).optional() }),
      answers: { 200: { description: "They wait, oldest run last.", schema } },
    },
    async ({ query: { limit }, principal, gateway }) => {
      const asked = { ...tenantFilter(principal), ...present({ limit }) };
      return answer(200, await shared.of([asked], () => read(gateway.client, asked)));
    },
  );
}
