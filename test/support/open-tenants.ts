// A registry that knows everybody who has a name, for parts that are tested without a store.

import { tenantName } from "../../src/domain/payer-names.ts";
import type { Tenants } from "../../src/store/tenants.ts";

export const OPEN_TO_ALL: Pick<Tenants, "admit"> = { admit: async (given) => tenantName(given) };
