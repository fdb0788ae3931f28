// The registry of tenants: whose runs may be started, and so who gets a budget at all.
//
// G8. A run is opened for a registered tenant and for nobody else, whichever way it came in. Clients ask so that
//     a typing error is told at once; the worker asks again before anything is spent, and its word counts.

import { PawlError } from "../domain/errors.ts";
import { LOCAL_TENANT, tenantName } from "../domain/payer-names.ts";
import type { Database } from "./database.ts";
import { createFreshMemory } from "./fresh-memory.ts";

export interface Tenant {
  readonly name: string;
  readonly addedAt: string;
}

export interface Tenants {
  /** Returns the name as it is kept, and whether it is new. Throws PawlError UNKNOWN_TENANT for what is no name. */
  add(given: string): Promise<{ readonly name: string; readonly isNew: boolean }>;
  list(): Promise<readonly Tenant[]>;
  /** Its keys are revoked with it. Throws PawlError UNKNOWN_TENANT. */
  remove(given: string): Promise<{ readonly name: string; readonly keysRevoked: number }>;
  /** Returns the name as it is kept. Throws PawlError UNKNOWN_TENANT. */
  admit(given: unknown): Promise<string>;
}

export interface TenantsOptions {
  /** Who is not known is registered by the first run. */
  readonly isOpen?: boolean;
  /** For how long a tenant that was removed elsewhere may still be taken for one. */
  readonly trustedForMs?: number;
  readonly nowMs?: () => number;
}

const TRUSTED_FOR_MS = 5000;

export function createTenants(db: Database, options: TenantsOptions = {}): Tenants {
  const {
    isOpen = false,
    trustedForMs = TRUSTED_FOR_MS,
    nowMs = () => performance.now(),
  } = options;
  const known = createFreshMemory<true>(nowMs, trustedForMs);

  async function isThere(name: string): Promise<boolean> {
    const found = await db`select from pawl.tenant where name = ${name}`;
    return found.length > 0;
  }

  async function insert(name: string): Promise<boolean> {
    const added = await db`
      insert into pawl.tenant (name) values (${name}) on conflict (name) do nothing returning name`;
    return added.length > 0;
  }

  return {
    async add(given) {
      const name = tenantName(given);
      return { name, isNew: await insert(name) };
    },
    async list() {
      return await db<Tenant>`
        select name, pawl.iso(added_at) as "addedAt" from pawl.tenant order by name`;
    },
    async remove(given) {
      const name = tenantName(given);
      if (name === LOCAL_TENANT) {
        throw new PawlError("USAGE", `${name} is always there: whoever names no tenant is it.`, {
          next: "name another: pawl tenants ls",
        });
      }
      const rows = await db<{ answer: { wasThere: boolean; keysRevoked: number } }>`
        select pawl.remove_tenant(${name}) as answer`;
      known.forget(name);
      const answer = rows[0]?.answer;
      if (answer?.wasThere !== true) throw unknown(name);
      return { name, keysRevoked: answer.keysRevoked };
    },
    async admit(given) {
      const name = tenantName(given);
      if (known.get(name) !== null) return name;
      if (!(await isThere(name))) {
        if (!isOpen) throw unknown(name);
        await insert(name);
      }
      known.put(name, true, nowMs());
      return name;
    },
  };
}

function unknown(name: string): PawlError {
  return new PawlError("UNKNOWN_TENANT", `There is no tenant ${name}.`);
}
