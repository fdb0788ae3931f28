// What a lost attempt has cost for certain, and what it may have cost beyond that. Both follow from how far it got:
// where no reply had begun, at most its prompt; where one had, what the provider had counted by then and the worst
// of the rest, as far as that count can be true. Never more than was held.

import { chargeFor, type Charge } from "../../src/domain/charge.ts";
import { priceIn, priceOn, worstCase } from "../../src/domain/pricing.ts";
import type { Usage } from "../../src/domain/usage.ts";
import type { Billing } from "../../src/model/model.ts";
import type { Loss } from "../../src/store/ledger.ts";
import { boundsOf, searchesMax } from "./bounds.ts";
import type { HeldCall } from "./lane.ts";
import { specOfCall } from "./run-models.ts";

export interface Lost {
  readonly billing: Extract<Billing, "prompt" | "unknown">;
  /** By the provider, until then; null where it had not said anything. */
  readonly counted: Counted | null;
}

export interface Counted {
  readonly model: string;
  readonly usage: Usage;
}

export function lossOf(at: HeldCall, { billing, counted }: Lost): Loss {
  const { heldMicroUsd } = at.held;
  if (billing === "prompt") return { spentMicroUsd: 0, fearedMicroUsd: promptMicroUsd(at) };
  const known = counted === null ? null : lossBeyond(at, counted);
  return known ?? { spentMicroUsd: 0, fearedMicroUsd: heldMicroUsd };
}

function promptMicroUsd(at: HeldCall): number {
  const { call, request, room, held } = at;
  const price = priceIn(call.lane, priceOn(specOfCall(at), new Date().toISOString()));
  const cacheTtl = request.cacheTtl ?? "5m";
  const { fixedMicroUsd } = worstCase(price, room.promptTokensMax, 0, cacheTtl);
  return Math.min(fixedMicroUsd, held.heldMicroUsd);
}

/** Null where the count can't be true, or bounds nothing: what a search adds to the prompt nobody knows. */
function lossBeyond(at: HeldCall, { model, usage }: Counted): Loss | null {
  const { request, room, held } = at;
  const bounds = boundsOf(at, request, room, held);
  const repliedAt = new Date().toISOString();
  const charged = (counted: Usage): Charge =>
    chargeFor(bounds, { model, usage: counted, message: NOTHING, isRefusal: false, repliedAt });
  const soFar = charged(usage);
  const areCounts = Object.values(usage).every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!areCounts || soFar.basis !== "counted" || searchesMax(request) > 0) return null;
  const outputTokens = Math.max(usage.outputTokens, held.replyTokens);
  const worst = charged({ ...usage, outputTokens }).costMicroUsd;
  const spentMicroUsd = Math.min(soFar.costMicroUsd, worst);
  return { spentMicroUsd, fearedMicroUsd: worst - spentMicroUsd };
}

const NOTHING = { role: "assistant", content: [] } as const;
