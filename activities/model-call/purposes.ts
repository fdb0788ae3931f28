// What a call is made for, and the request that follows from it. A new purpose is a member of the union in
// src/domain/purpose.ts and a row here.

import { createHash } from "node:crypto";
import { lastReplyOf, readableBy } from "../../src/domain/authors.ts";
import type { ModelCall } from "../../src/domain/call.ts";
import { summaryTokensMax } from "../../src/domain/kept-back.ts";
import { withoutMiddle } from "../../src/domain/left-out.ts";
import type { Limits } from "../../src/domain/limits.ts";
import type { Purpose, PurposeKind } from "../../src/domain/purpose.ts";
import type { Snapshot } from "../../src/domain/run/snapshot.ts";
import { limitsWithin } from "../../src/domain/window.ts";
import type { ModelRequest } from "../../src/model/model.ts";
import type { Conversation } from "./call-attempt.ts";
import { asClassifier, verdictTokensMax } from "./classifier.ts";

interface PurposeRow {
  readonly replyTokensMax: (limits: Limits) => number;
  /** Always, where the purpose does not say it of itself. */
  readonly toolsOff?: true;
  /** Of a request that is no step of the conversation. */
  readonly shape?: (request: ModelRequest) => ModelRequest;
}

const asMuchAsAllowed = ({ replyTokens }: Limits): number => replyTokens;

const PURPOSES: Readonly<Record<PurposeKind, PurposeRow>> = {
  work: { replyTokensMax: asMuchAsAllowed },
  route: { replyTokensMax: verdictTokensMax, shape: asClassifier },
  summary: { replyTokensMax: summaryTokensMax },
  wrap_up: { replyTokensMax: asMuchAsAllowed, toolsOff: true },
};

export function requestOf(
  runId: string,
  call: ModelCall,
  { snapshot, messages }: Conversation,
): ModelRequest {
  const { payer, purpose, cacheTtl, course } = call;
  const { instructions, tools, serverTools } = snapshot;
  const { model, authors = [] } = course;
  const ownReplyAt = lastReplyOf(model, messages, authors);
  return requestFor(purpose, limitsOfCall(call, snapshot), {
    runId,
    model,
    instructions,
    tools,
    serverTools,
    messages: readableBy(model, messages, authors),
    ...(ownReplyAt !== null && { ownReplyAt }),
    ...(cacheTtl !== undefined && { cacheTtl }),
    userId: createHash("sha256").update(`pawl tenant ${payer.tenant}`).digest("hex").slice(0, 32),
  });
}

/** The run's, within what the server has said meanwhile that it can hold. */
export function limitsOfCall({ budget }: ModelCall, { limits }: Pick<Snapshot, "limits">): Limits {
  return budget.contextTokens === undefined ? limits : limitsWithin(limits, budget.contextTokens);
}

/** Nothing of it is in the cache by then. */
function shortened(request: ModelRequest, times: number): ModelRequest {
  const { ownReplyAt: _, ...rest } = request;
  return { ...rest, messages: withoutMiddle(request.messages, times) };
}

function requestFor(
  purpose: Purpose,
  limits: Limits,
  request: Omit<ModelRequest, "replyTokensMax">,
): ModelRequest {
  const { replyTokensMax, toolsOff = false, shape } = PURPOSES[purpose.kind];
  const isOff = toolsOff || ("toolsOff" in purpose && purpose.toolsOff);
  const asked = {
    ...request,
    replyTokensMax: replyTokensMax(limits),
    ...(isOff && { toolsOff: true }),
  };
  const shaped = shape === undefined ? asked : shape(asked);
  const times = purpose.kind === "summary" ? (purpose.shortened ?? 0) : 0;
  return times === 0 ? shaped : shortened(shaped, times);
}
