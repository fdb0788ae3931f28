// Who pays is registered, and named as its budgets are. The last to ask, and so the one whose word counts: a run
// may have been started straight at Temporal, by whatever can reach it.

import { PawlError } from "../src/domain/errors.ts";
import { sessionName } from "../src/domain/payer-names.ts";
import type { Order } from "../src/domain/run/order.ts";
import type { Tenants } from "../src/store/tenants.ts";

/** Throws PawlError UNKNOWN_TENANT or USAGE. */
export async function checkPayer(
  tenants: Pick<Tenants, "admit">,
  { tenant, session }: Pick<Order, "tenant" | "session">,
): Promise<void> {
  const known = await tenants.admit(tenant);
  if (known !== tenant) {
    throw new PawlError("UNKNOWN_TENANT", `There is no such tenant; one is called ${known}.`);
  }
  if (sessionName(session) === session) return;
  throw new PawlError("USAGE", "The session is not named as its budgets are (NFKC).");
}
