// What a call is made for, and what follows from that for its request. A new purpose is a member of the
// union in src/domain/call.ts and a row here.

import type { Purpose, PurposeKind } from "../../src/domain/call.ts";
import { summaryTokensMax } from "../../src/domain/kept-back.ts";
import type { Limits } from "../../src/domain/limits.ts";
import type { ModelRequest } from "../../src/model/model.ts";
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

export function requestFor(
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
  return shape === undefined ? asked : shape(asked);
}
