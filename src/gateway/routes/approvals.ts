// Calls that wait for a person: the inbox, one of them whole, and the decision on it.

import { z } from "@hono/zod-openapi";
import { addRoute, answer, type App } from "../define-route.ts";
import { ownRun } from "../own-run.ts";
import { CALL_PATH, OF_RUN, PENDING } from "../schemas.ts";
import { present } from "../../domain/present.ts";
import { addInbox } from "./inbox.ts";

const OF_A_RUN = { ...PENDING, ...OF_RUN };

const INBOX = z
  .strictObject({ approvals: z.array(z.object(OF_A_RUN)).readonly() })
  .openapi("ApprovalInbox");

const SHOWN = z
  .looseObject({
    ...OF_A_RUN,
    input: z.unknown(),
    inputSchema: z.record(z.string(), z.unknown()).readonly(),
  })
  .openapi("ApprovalShown");

const DECISION = z
  .strictObject({
    verdict: z.enum(["approve", "deny"]),
    argsDigest: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "must be the 64 digits that the call is shown with")
      .openapi({ description: "Of the arguments that were read: a decision holds for no others." }),
    editedInput: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: "Executed instead of the model's arguments; the model is told." }),
    always: z
      .boolean()
      .optional()
      .openapi({ description: "Approves every later call of this tool in this run as well." }),
    reason: z.string().max(2000).optional(),
  })
  .openapi("Decision");

const DECIDED = z
  .strictObject({
    callId: z.string(),
    tool: z.string(),
    turn: z.number(),
    verdict: z.enum(["approved", "denied", "expired"]),
    by: z.string().nullable(),
    reason: z.string().nullable(),
    edited: z.boolean(),
    always: z.boolean(),
    decidedAt: z.string(),
  })
  .openapi("DecidedApproval");

const PATH = "/v1/runs/{runId}/approvals/{callId}";
const NOT_WAITING = [
  "APPROVAL_NOT_FOUND",
  "APPROVAL_DECIDED",
  "APPROVAL_EXPIRED",
  "RUN_ENDED",
] as const;

export function addApprovals(app: App): void {
  addInbox(app, {
    path: "/v1/approvals",
    operationId: "listApprovals",
    summary: "Calls that wait for a person, of all runs; a second or so late",
    schema: INBOX,
    read: async (client, query) => ({ approvals: await client.approvals(query) }),
  });
  addRoute(
    app,
    {
      method: "get",
      path: PATH,
      operationId: "getApproval",
      summary: "A call that waits, with all that a person must see before deciding",
      scopes: ["runs:read", "approvals:decide"],
      params: CALL_PATH,
      answers: { 200: { description: "The call.", schema: SHOWN } },
      problems: [...NOT_WAITING, "APPROVAL_MISMATCH"],
    },
    async ({ params: { runId, callId }, principal, gateway }) => {
      await ownRun(gateway, principal, runId);
      return answer(200, { ...(await gateway.client.approval(runId, callId)) });
    },
  );
  addRoute(
    app,
    {
      method: "post",
      path: PATH,
      operationId: "decideApproval",
      summary: "Approve a call, or deny it; the first decision counts",
      scopes: ["approvals:decide"],
      params: CALL_PATH,
      body: DECISION,
      answers: { 200: { description: "The decision that stands.", schema: DECIDED } },
      problems: [...NOT_WAITING, "APPROVAL_MISMATCH", "TOOL_INPUT_INVALID"],
    },
    async ({ params: { runId, callId }, body, principal, gateway }) => {
      await ownRun(gateway, principal, runId);
      const { verdict, argsDigest, editedInput, always, reason } = body;
      const decided = await gateway.client.decide(runId, {
        callId,
        verdict,
        argsDigest,
        by: principal.name,
        ...present({ editedInput, always, reason }),
      });
      gateway.metrics.approvalDecided(decided.verdict);
      return answer(200, decided);
    },
  );
}
