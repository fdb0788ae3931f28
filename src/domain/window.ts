// What the window of a model leaves of the limits of a run: when its conversation is summed up, and how long a reply
// may be. A window of 1,000,000 tokens changes nothing; one of 4,096 holds a prompt, a reply, and beside them room to
// sum up, or it holds no conversation at all.

import { roomForSummary, summaryTokensMax } from "./kept-back.ts";
import { USEFUL_REPLY_TOKENS, type Limits } from "./limits.ts";

const DUE_AT_SHARE = 0.7;
/** Of what a request may hold beside a reply and a summary: past that one tool answer may be too much. */
const DUE_AT_SHARE_OF_ROOM = 0.9;
const SUMMARIES_IN_MARK = 3;
/** Of a window in which the limits as they are leave no room to sum up. */
const REPLY_SHARE = 1 / 8;

/** Tokens of a conversation from which it is summed up; null where its limits leave no room for that. */
export function summaryMark(limits: Limits, contextTokens: number): number | null {
  const request = Math.min(limits.requestTokens, contextTokens);
  const room = request - limits.replyTokens - roomForSummary(limits);
  const mark = Math.floor(Math.min(request * DUE_AT_SHARE, room * DUE_AT_SHARE_OF_ROOM));
  return mark < SUMMARIES_IN_MARK * summaryTokensMax(limits) ? null : mark;
}

/** The limits that a window of this size can keep; replies are shorter only where they must be. */
export function limitsWithin(limits: Limits, contextTokens: number): Limits {
  const requestTokens = Math.min(limits.requestTokens, contextTokens);
  if (summaryMark(limits, contextTokens) !== null) return { ...limits, requestTokens };
  const share = Math.max(USEFUL_REPLY_TOKENS, Math.floor(contextTokens * REPLY_SHARE));
  return { ...limits, requestTokens, replyTokens: Math.min(limits.replyTokens, share) };
}
