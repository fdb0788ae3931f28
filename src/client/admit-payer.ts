// Whether an order's tenant is one, asked before anything is started, so that a typing error is told at once.
// Where the registry is not to be had the order goes on: the worker asks again, and nothing is spent before.

import { isPawlError } from "../domain/errors.ts";
import type { Backend } from "./connect.ts";

/** Throws PawlError UNKNOWN_TENANT. */
export async function admitTenant(
  { tenants }: Pick<Backend, "tenants">,
  tenant: string,
): Promise<void> {
  try {
    await tenants?.admit(tenant);
  } catch (error) {
    if (isPawlError(error) && error.code === "UNKNOWN_TENANT") throw error;
  }
}
