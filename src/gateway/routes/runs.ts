// Reading runs: the list, one run, its result, its events.

import { z } from "@hono/zod-openapi";
import type { RunPage } from "../../client/page-of-runs.ts";
import type { RunShown } from "../../client/read-run.ts";
import { addRoute, answer, type App } from "../define-route.ts";
import { ownRun } from "../own-run.ts";
import { PERMISSIONS } from "../../domain/permission.ts";
import { present } from "../../domain/present.ts";
import { tenantFilter } from "../principal.ts";
import { shareAnswers } from "../shared-answers.ts";
import {
  FIGURES,
  name,
  OUTCOME,
  OUTCOMES,
  PENDING_APPROVAL,
  PENDING_QUESTIONS,
  RUN_PATH,
  STATUS,
  WAITING,
  wholeNumber,
} from "../schemas.ts";

const LISTED = z
  .strictObject({
    runId: z.string(),
    status: STATUS,
    outcome: z.string().nullable(),
    task: z.string(),
    agent: z.string(),
    tenant: z.string(),
    session: z.string(),
    costUsd: z.number(),
    free: z.literal(true).optional(),
    flagged: z.array(z.string()).readonly().optional(),
    turns: z.number(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
  })
  .openapi("RunListed");

const LIST_QUERY = z.strictObject({
  status: STATUS.optional(),
  outcome: z.enum(OUTCOMES).optional(),
  agent: name(64).optional(),
  limit: wholeNumber(1, 100).optional(),
  cursor: z
    .string()
    .max(4096)
    .regex(/^[A-Za-z0-9_-]+$/, "must be `next` of the page before")
    .optional()
    .openapi({ description: "`next` of the page before; only with the same filters." }),
});

const RUN = z
  .looseObject({
    ...FIGURES,
    status: STATUS,
    outcome: OUTCOME.nullable(),
    task: z.string(),
    agent: z.string(),
    tenant: z.string(),
    session: z.string(),
    model: z.string().nullable(),
    routing: z.string().nullable(),
    provider: z.string().nullable(),
    permission: z.enum(PERMISSIONS).nullable(),
    capUsd: z.number().nullable(),
    /** While it is open: set aside for the call under way, and what of its cost is feared and not known. */
    heldUsd: z.number().optional(),
    fearedUsd: z.number().optional(),
    link: z.string().nullable(),
    waiting: WAITING.nullable(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
    approvals: z.array(PENDING_APPROVAL).readonly(),
    questions: z.array(PENDING_QUESTIONS).readonly(),
  })
  .openapi("Run");

/** The list is a second or so behind in any case. */
const LIST_LASTS_MS = 1000;

export function addRuns(app: App): void {
  const shared = shareAnswers<RunPage>(LIST_LASTS_MS);
  addRoute(
    app,
    {
      method: "get",
      path: "/v1/runs",
      operationId: "listRuns",
      summary: "Runs, newest first, a second or so behind",
      scopes: ["runs:read"],
      query: LIST_QUERY,
      answers: {
        200: {
          description: "A page of runs; `next` is the cursor of the one behind it.",
          schema: z
            .strictObject({ runs: z.array(LISTED).readonly(), next: z.string().nullable() })
            .openapi("RunPage"),
        },
      },
    },
    async ({ query, principal, gateway }) => {
      const asked = { ...present(query), ...tenantFilter(principal) };
      return answer(200, await shared.of([asked], () => gateway.client.page(asked)));
    },
  );
  addRoute(
    app,
    {
      method: "get",
      path: "/v1/runs/{runId}",
      operationId: "getRun",
      summary: "A run as it stands, or as it ended",
      scopes: ["runs:read"],
      params: RUN_PATH,
      answers: { 200: { description: "The run.", schema: RUN } },
    },
    async ({ params: { runId }, principal, gateway }) => {
      const brief = await ownRun(gateway, principal, runId);
      const { startedAt, endedAt, approvals, questions } = brief;
      const shown = await gateway.client.show(runId);
      return answer(200, { ...flat(shown), startedAt, endedAt, approvals, questions });
    },
  );
}

function flat(shown: RunShown) {
  const { about } = shown;
  if (shown.kind === "open") {
    const { status, waiting, soFar, books } = shown;
    return { ...soFar, ...about, ...books, status, outcome: null, waiting };
  }
  return { ...shown.result, ...about, status: "ended" as const, waiting: null };
}
