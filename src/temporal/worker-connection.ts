// The way of a worker to Temporal. A file of its own: it loads Core, which a client can do without.

import { NativeConnection } from "@temporalio/worker";
import type { TemporalAccess } from "./access.ts";
import { unreachable } from "./unreachable.ts";

/** Throws PawlError BACKEND_UNREACHABLE or TEMPORAL_LOGIN. */
export async function openWorkerConnection(access: TemporalAccess): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(access.options);
  } catch (error) {
    throw await unreachable(access, error);
  }
}
