// Whether a call may go out now. A provider that is down, wants to be left alone or has its limits in use is
// not asked: the run waits in a timer of its own, so no activity is busy and no attempt lost. What the gate
// hears of a call that it let out is in gate-listener.ts.

import { setTimeout as delay } from "node:timers/promises";
import type { Denial } from "../../src/domain/call.ts";
import type { Amounts } from "../../src/domain/rate-limits.ts";
import type { GateAsk } from "../../src/store/gates.ts";
import { holdIdOf } from "../attempt.ts";
import type { PreparedCall } from "./call-attempt.ts";
import { logGateWait } from "./call-log.ts";
import { deniedByGate, type GateWait } from "./denial.ts";
import { firstByteMsOf } from "./first-byte.ts";
import type { LetOut } from "./gate-listener.ts";
import { whileStoreIsAway } from "./patience.ts";
import { isProbedInVain } from "./probe.ts";
import { specOfCall } from "./run-models.ts";

/** From the answer of the gate to the request, and from the first byte to the gate. */
const LEASE_MARGIN_MS = 5000;

/** Long enough for what a probe has told to be asked for. */
const PROBED_PAUSE_MS = 150;

export async function throughGate(prepared: PreparedCall): Promise<LetOut | Denial> {
  while (true) {
    const letOut = await askGate(prepared);
    if ("kind" in letOut) {
      const denial = deniedByGate(prepared, letOut);
      logGateWait(prepared, denial);
      return denial;
    }
    if (!(await isProbedInVain(prepared, letOut))) return letOut;
    // The gate has heard of it, and says how long to wait.
    await delay(PROBED_PAUSE_MS);
  }
}

async function askGate(prepared: PreparedCall): Promise<LetOut | GateWait> {
  const { deps, attempt, call, request } = prepared;
  const { gates, config } = deps;
  const ask: GateAsk = {
    key: keyOf(config.provider.offline, request.model),
    callId: holdIdOf(attempt),
    leaseMs: firstByteMsOf(prepared) + LEASE_MARGIN_MS,
    runId: attempt.runId,
    tenant: call.payer.tenant,
    bounds: boundsOf(prepared),
  };
  const answer = await whileStoreIsAway(attempt, () => gates.ask(ask));
  return answer.kind === "wait" ? answer : { ask, pass: answer };
}

/** A worker without a key must not be held up by what befell one that has it. */
function keyOf(isOffline: boolean, model: string): string {
  return `${isOffline ? "offline" : "anthropic"}/${model}`;
}

/** What the last call read is in the cache, where it is long enough, and counts in no limit; its reply is not. */
function boundsOf(prepared: PreparedCall): Amounts {
  const { call, request, room } = prepared;
  const isCached = call.headTokens >= specOfCall(prepared).cacheTokensMin;
  const lastReply = request.messages.findLast(({ role }) => role === "assistant");
  const replyTokensMax = Buffer.byteLength(JSON.stringify(lastReply?.content ?? ""));
  const cachedTokens = isCached ? Math.max(0, call.headTokens - replyTokensMax) : 0;
  return {
    requests: 1,
    input: Math.max(1, room.promptTokensMax - cachedTokens),
    output: room.replyTokensMax,
  };
}
