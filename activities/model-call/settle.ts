// The end of a call that was answered: reply, real cost and transcript in one transaction. A reply that the
// run stopped is settled with what was heard of it; what the provider bills for such a reply is unknown, so
// it costs its whole hold. So does one of which the provider says what can't be (src/domain/charge.ts).

import { INTERRUPTED, type Estimated, type Reply } from "../../src/domain/call.ts";
import { chargeFor, type Bounds, type Charge } from "../../src/domain/charge.ts";
import { isFreeModel, modelSpec } from "../../src/domain/model-table.ts";
import type { Warning } from "../../src/domain/limits.ts";
import { argsDigest } from "../../src/domain/args-digest.ts";
import { isToolUse } from "../../src/domain/message.ts";
import { callIdOf } from "../../src/domain/tool-call.ts";
import { toolIn, type Snapshot } from "../../src/domain/run/snapshot.ts";
import type { ToolCall, ToolSpec } from "../../src/domain/tool.ts";
import { failpoint } from "../../src/failpoint.ts";
import type { ModelReply } from "../../src/model/model.ts";
import type { AccountState, Held, Journaled } from "../../src/store/ledger.ts";
import { nextHead, refOf } from "../../src/store/transcripts.ts";
import { failure } from "../attempt.ts";
import { previewOf } from "../preview.ts";
import type { CallAttempt, Conversation } from "./call-attempt.ts";
import { logContradictions, logReply } from "./call-log.ts";
import { runCapOf } from "./hold.ts";

/** A reply must fit one payload of Temporal with room for its envelope. */
const REPLY_BYTES_MAX = 1_500_000;
const NEAR_CAP = 0.8;

export interface Bought {
  readonly held: Pick<Held, "heldMicroUsd" | "crashTaxMicroUsd" | "attempts">;
  readonly bounds: Bounds;
  readonly reply: ModelReply;
  /** ISO 8601: its price is that of this day. */
  readonly repliedAt: string;
  readonly latencyMs: number;
}

export async function settle(
  at: CallAttempt,
  conversation: Conversation,
  bought: Bought,
): Promise<Reply> {
  const { attempt, money } = at;
  const { snapshot } = conversation;
  const { reply, latencyMs } = bought;
  const { runId } = attempt;
  const body = JSON.stringify(reply.message);
  if (Buffer.byteLength(body) > REPLY_BYTES_MAX) {
    await money.lose();
    throw failure("REPLY_TOO_LARGE", `The reply has more than ${REPLY_BYTES_MAX} bytes.`);
  }
  // A turn without content can't be sent back, so it does not enter the transcript.
  const isEmpty = reply.message.content.length === 0;
  const ref = refOf(body);
  const head = isEmpty ? conversation.head : nextHead(conversation.head, ref);
  const charge = chargeOf(bought);
  const result = resultOf({ ...at, snapshot }, bought, charge, { ref, head });
  const link = { runId, prevHead: conversation.head, ref, head };
  failpoint("call_model.before_settle");
  const settled = await money.settle({
    spentMicroUsd: result.costMicroUsd,
    usage: result.usage,
    model: result.model,
    journal: JSON.stringify(result),
    messages: [...conversation.newBodies, ...(isEmpty ? [] : [{ runId, ref, body }])],
    links: [...conversation.newLinks, ...(isEmpty ? [] : [link])],
  });
  failpoint("call_model.after_settle");
  if (settled.kind === "late") {
    throw failure("PROVIDER_STREAM_CUT", "this attempt was given up before its reply arrived");
  }
  logReply(at, result, { latencyMs, requestId: reply.requestId });
  logContradictions(at, result, charge);
  return { ...result, nearCaps: nearCaps(settled.accounts) };
}

/** The charges for attempts that died after the reply was journaled are newer than the journal. */
export function adopted({
  reply,
  crashTaxMicroUsd,
  attempts,
}: Pick<Journaled, "reply" | "crashTaxMicroUsd" | "attempts">): Reply {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- journaled above
  const result = JSON.parse(reply) as Reply;
  return { ...result, crashTaxMicroUsd, attempts };
}

function resultOf(
  at: CallAttempt & Pick<Conversation, "snapshot">,
  { reply, held, bounds }: Bought,
  charge: Charge,
  place: Pick<Reply, "ref" | "head">,
): Reply {
  const { attempt, call, deps, snapshot } = at;
  const toolCalls = callsIn(reply, call.turn, snapshot);
  const estimated = estimateOf(reply, charge);
  return {
    kind: "replied",
    ...place,
    message: reply.message,
    model: charge.model,
    offline: deps.provider.isOffline,
    ...(isFree(bounds, charge) && { free: true as const }),
    lane: call.lane,
    stopReason: reply.stopReason,
    ...(reply.refusalCategory !== undefined && { refusalCategory: reply.refusalCategory }),
    toolCalls,
    invalidCalls: unreadable(toolCalls, reply),
    usage: charge.usage,
    ...(estimated !== null && { estimated }),
    costMicroUsd: charge.costMicroUsd,
    crashTaxMicroUsd: held.crashTaxMicroUsd,
    attempts: held.attempts,
    attempt: attempt.attempt,
    costCapMicroUsd: runCapOf(call, deps.config.caps),
    nearCaps: [],
  };
}

function chargeOf({ bounds, reply, repliedAt }: Bought): Charge {
  const { message, model, usage, stopReason, contradictions = [] } = reply;
  const isRefusal = stopReason === "refusal";
  const charge = chargeFor(bounds, {
    ...{ model, usage, message, isRefusal, contradictions, repliedAt },
  });
  return stopReason === INTERRUPTED ? { ...charge, costMicroUsd: bounds.heldMicroUsd } : charge;
}

function isFree({ models, model }: Bounds, { costMicroUsd }: Charge): boolean {
  return costMicroUsd === 0 && isFreeModel(modelSpec(models, model));
}

function estimateOf({ stopReason }: ModelReply, { basis }: Charge): Estimated | null {
  if (stopReason === INTERRUPTED) return "stopped";
  return basis === "counted" ? null : basis;
}

function callsIn(reply: ModelReply, turn: number, snapshot: Snapshot): readonly ToolCall[] {
  return reply.message.content.filter(isToolUse).map(({ id, name, input }, at) => ({
    callId: callIdOf(turn, at + 1),
    toolUseId: id,
    name,
    preview: previewOf(input),
    argsDigest: argsDigest(input),
    ...(isReading(toolIn(snapshot, name), input) && { isReading: true as const }),
  }));
}

function isReading(tool: ToolSpec | undefined, input: unknown): boolean {
  if (tool?.readsWhere === undefined || typeof input !== "object" || input === null) return false;
  const { argument, values } = tool.readsWhere;
  const said: unknown = Object.hasOwn(input, argument) ? Reflect.get(input, argument) : undefined;
  return typeof said === "string" && values.includes(said);
}

/** By our names. What the provider makes of the arguments of its own tools is for it to say. */
function unreadable(calls: readonly ToolCall[], { invalidCalls }: ModelReply): readonly string[] {
  const ours = calls.filter(({ toolUseId }) => invalidCalls.includes(toolUseId));
  return ours.map(({ callId }) => callId);
}

/** That a batch is nearly through its cap is no reason for one of its items to be answered in haste. */
function nearCaps(accounts: readonly AccountState[]): Warning[] {
  const told = accounts.filter(({ limit }) => limit !== "batch");
  return told.flatMap(({ limit, spentMicroUsd, fearedMicroUsd, capMicroUsd }) => {
    const used = spentMicroUsd + fearedMicroUsd;
    const isNear = capMicroUsd !== null && used >= capMicroUsd * NEAR_CAP;
    return isNear ? [{ limit, used, cap: capMicroUsd }] : [];
  });
}
