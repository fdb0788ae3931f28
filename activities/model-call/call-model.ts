// One call of a model, whatever its purpose and its lane, at least once. The order is what keeps the money
// right: journal → gate → hold → send → settle.
//   M1. A reply that was journaled is adopted, never bought again.
//   M2. The worst case is held before the request leaves; no ledger, no call.
//   M3. Reply and settlement are written in one transaction, before the workflow hears of either.
//   M4. Of an attempt that fails is feared what it may have cost by how far it got, at most its hold.
//   M5. A reply that was stopped keeps its text and costs its whole hold.
//   M6. Nothing is held for a call that the gate keeps back, and nobody waits for money with its leave in hand.
//   M7. What a living worker has asked for is not asked for again: its reply is waited for.
//   M8. A worker with another provider than the run's asks for nothing: no count, no hold, no reply (provider.ts).

import { setTimeout as delay } from "node:timers/promises";
import type { CallResult, Denial, Interrupted, Lane, ModelCall } from "../../src/domain/call.ts";
import type { CallAborted } from "../../src/model/model.ts";
import type { Alive, AttemptStart, CallSoFar, HoldDenied } from "../../src/store/ledger.ts";
import { aborted } from "../attempt.ts";
import type { ActivityDeps } from "../deps.ts";
import { batchLane, openTicket } from "./batch-lane.ts";
import { boundsOf } from "./bounds.ts";
import { attemptAt, type CallAttempt, type PreparedCall } from "./call-attempt.ts";
import { logAsked, logGateWait, logStopped } from "./call-log.ts";
import { deniedByCalendar, deniedByLedger, deniedToOther } from "./denial.ts";
import { conversationOf } from "./conversation.ts";
import { afterFailedCount, afterFailure, givenUp } from "./failed-attempt.ts";
import { failureBefore } from "./failure-before.ts";
import { throughGate } from "./gate.ts";
import { giveBack } from "./gate-listener.ts";
import { neededBy, pricedCall, recounted, type PricedCall } from "./hold.ts";
import type { CallLane, HeldCall, Sent } from "./lane.ts";
import { liveLane } from "./live-lane.ts";
import type { HoldRequest } from "./money.ts";
import { pastTheLiving } from "./past-the-living.ts";
import { requestOf } from "./purposes.ts";
import { roomFor } from "./room.ts";
import { adopted, settle } from "./settle.ts";

/** How long an attempt waits for the holds of other runs to be settled before it gives way. */
const HOLDS_PATIENCE_MS = 5000;
const HOLDS_POLL_MS = 150;

const LANES: Readonly<Record<Lane, CallLane>> = { live: liveLane, batch: batchLane };

export function createCallModel(deps: ActivityDeps) {
  return async function callModel(call: ModelCall): Promise<CallResult> {
    const made = await attemptAt(deps, { call }, async (at) => withFailure(at, await makeCall(at)));
    if (made.kind !== "denied") return made;
    // Whoever adds money to the run is told how much it may come to.
    return { ...made, operatorCapMicroUsd: deps.config.caps.runMicroUsd };
  };
}

/** A run that is denied more money hears what became of the money that it had. */
function withFailure({ attempt }: CallAttempt, result: CallResult): CallResult {
  const before = result.kind === "denied" ? failureBefore(attempt.before) : null;
  if (result.kind !== "denied" || before === null) return result;
  const { code, message } = before;
  return { ...result, failure: { code, message } };
}

export async function makeCall(first: CallAttempt): Promise<CallResult> {
  logAsked(first);
  const at = await resumed(first);
  if ("kind" in at) return at;
  const ended = deniedByCalendar(at);
  if (ended !== null) return ended;
  const ready = await prepared(at);
  if ("kind" in ready) return ready;
  if (at.attempt.over.aborted) throw aborted(at.attempt);
  const held = await admitted(ready);
  if ("kind" in held) return held;
  return await sendAndSettle(held);
}

/** The first attempt has none before it. */
async function resumed(at: CallAttempt): Promise<CallAttempt | CallResult> {
  if (at.attempt.attempt === 1) return at;
  const soFar = await endOfEarlier(at);
  if (soFar.kind !== "open") return broughtHome(at, soFar);
  return { ...at, crashTaxMicroUsd: soFar.crashTaxMicroUsd };
}

async function endOfEarlier(at: CallAttempt): Promise<Exclude<CallSoFar, Alive>> {
  return await pastTheLiving<Exclude<CallSoFar, Alive>>(at, () => at.money.resume());
}

/** What goes over the wire, and the room that it has. */
async function prepared(at: CallAttempt): Promise<PreparedCall | Denial> {
  const conversation = await conversationOf(at);
  const other = deniedToOther(at, conversation.snapshot.provider);
  if (other !== null) {
    logGateWait(at, other);
    return other;
  }
  const request = requestOf(at.attempt.runId, at.call, conversation);
  try {
    const room = await roomFor({ ...at, conversation, request });
    return "kind" in room ? room : { ...at, conversation, request, room };
  } catch (error) {
    return afterFailedCount(at, error);
  }
}

/** By the gate and then by the ledger; the holds of other runs are gone in seconds. */
async function admitted(asked: PreparedCall): Promise<HeldCall | CallResult> {
  const { hasGate } = LANES[asked.call.lane];
  const deadline = Date.now() + HOLDS_PATIENCE_MS;
  let priced = await pricedCall(asked);
  while (!("kind" in priced)) {
    const { ready, request } = priced;
    const letOut = hasGate ? await throughGate(ready) : null;
    if (letOut !== null && "kind" in letOut) return letOut;
    const start = await holdOrGiveBack(ready, request, letOut);
    if (start.kind === "held") return { ...ready, held: start, letOut };
    if (start.kind === "alive") {
      // It came to its hold only now, later than the attempt behind it.
      const soFar = await endOfEarlier(ready);
      if (soFar.kind !== "open") return broughtHome(ready, soFar);
      continue;
    }
    if (start.kind !== "denied") return broughtHome(ready, start);
    priced = await afterDenial(priced, start, deadline);
  }
  return priced;
}

/** What is asked for next: less, by the provider's own count, or the same once others have settled. */
async function afterDenial(
  priced: PricedCall,
  denial: HoldDenied,
  deadline: number,
): Promise<PricedCall | Denial> {
  const counted = await recounted(priced.ready);
  const next = counted ?? priced;
  if ("kind" in next) return next;
  const needed = neededBy(next.request);
  if (counted !== null && needed <= denial.leftMicroUsd) return next;
  const passes = denial.temporary && Date.now() < deadline;
  if (!passes || next.ready.attempt.over.aborted) {
    return deniedByLedger(next.ready, { ...denial, askedMicroUsd: needed });
  }
  await delay(HOLDS_POLL_MS * (0.5 + Math.random()));
  return next;
}

async function holdOrGiveBack(
  { deps, money }: PreparedCall,
  request: HoldRequest,
  letOut: HeldCall["letOut"],
): Promise<AttemptStart> {
  let isHeld = false;
  try {
    const start = await money.hold(request);
    isHeld = start.kind === "held";
    return start;
  } finally {
    if (!isHeld && letOut !== null) await giveBack(deps, letOut);
  }
}

/** Where the ledger has something else for the attempt than a hold. */
function broughtHome(
  at: CallAttempt,
  start: Exclude<AttemptStart | CallSoFar, { kind: "held" | "open" | "alive" | "denied" }>,
): CallResult {
  switch (start.kind) {
    case "journaled":
      return adopted(start);
    case "submitted":
      return openTicket(at.attempt, start);
  }
}

async function sendAndSettle(held: HeldCall): Promise<CallResult> {
  const { attempt, call, conversation } = held;
  if (attempt.over.aborted) return await letGo(held);
  const startedAt = performance.now();
  let sent: Sent;
  try {
    sent = await LANES[call.lane].send(held);
  } catch (error) {
    return await afterFailure(held, error);
  }
  switch (sent.kind) {
    case "submitted":
      return sent;
    case "unheard":
      return await unheard(held, sent.aborted);
    case "replied": {
      const latencyMs = performance.now() - startedAt;
      const repliedAt = new Date().toISOString();
      const { reply } = sent;
      const bounds = boundsOf(held, held.request, held.room, held.held);
      const bought = { held: held.held, bounds, reply, repliedAt, latencyMs };
      return await settle(held, conversation, bought);
    }
  }
}

/** The run was stopped, or this worker, or Temporal gave the attempt up, before anything left. */
async function letGo({ deps, attempt, money, letOut }: HeldCall): Promise<never> {
  await money.release({ sent: false });
  if (letOut !== null) await giveBack(deps, letOut);
  throw aborted(attempt);
}

async function unheard(at: HeldCall, abort: CallAborted): Promise<Interrupted> {
  const lostMicroUsd = await givenUp(at, abort);
  logStopped(at);
  return { kind: "interrupted", crashTaxMicroUsd: at.held.crashTaxMicroUsd + lostMicroUsd };
}
