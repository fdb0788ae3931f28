// What a lost attempt has cost for certain, and what it may have cost beyond that. Both follow from how far it got:
// where no reply had begun, at most its prompt; where one had, what the provider had counted by then and the worst
// of the rest. Never more than was held.

import type { Price } from "../../src/domain/prices.ts";
import { costOf, priceIn, priceOn, specOf, worstCase } from "../../src/domain/pricing.ts";
import { promptTokens, type Usage } from "../../src/domain/usage.ts";
import type { Billing } from "../../src/model/model.ts";
import type { Loss } from "../../src/store/ledger.ts";
import { searchesMax } from "./hold.ts";
import type { HeldCall } from "./lane.ts";

export interface Lost {
  readonly billing: Extract<Billing, "prompt" | "unknown">;
  /** By the provider, until then; null where it had not said anything. */
  readonly counted: Usage | null;
}

export function lossOf(at: HeldCall, { billing, counted }: Lost): Loss {
  const { call, request, room, held } = at;
  const price = priceIn(call.lane, priceOn(specOf(request.model), new Date().toISOString()));
  if (billing === "prompt") {
    const { fixedMicroUsd } = worstCase(price, room.promptTokensMax, 0);
    return { spentMicroUsd: 0, fearedMicroUsd: Math.min(fixedMicroUsd, held.heldMicroUsd) };
  }
  // A server that counts nothing has said nothing; and what a search adds to the prompt nobody knows.
  const isBounded = counted !== null && isPlausible(counted) && searchesMax(request) === 0;
  if (!isBounded) return { spentMicroUsd: 0, fearedMicroUsd: held.heldMicroUsd };
  return lossBeyond(counted, {
    price,
    replyTokens: held.replyTokens,
    heldMicroUsd: held.heldMicroUsd,
  });
}

interface Bounds {
  readonly price: Price;
  readonly replyTokens: number;
  readonly heldMicroUsd: number;
}

function lossBeyond(counted: Usage, { price, replyTokens, heldMicroUsd }: Bounds): Loss {
  const outputTokens = Math.max(counted.outputTokens, replyTokens);
  const worst = Math.min(costOf({ ...counted, outputTokens }, price), heldMicroUsd);
  const spentMicroUsd = Math.min(costOf(counted, price), worst);
  return { spentMicroUsd, fearedMicroUsd: worst - spentMicroUsd };
}

function isPlausible(counted: Usage): boolean {
  const areCounts = Object.values(counted).every((n) => Number.isSafeInteger(n) && n >= 0);
  return areCounts && promptTokens(counted) > 0;
}
