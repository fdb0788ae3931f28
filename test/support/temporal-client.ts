// Temporal's own client, for what Pawl's client does not do to a workflow.

import type { Client } from "@temporalio/client";
import { localAccess } from "../../src/temporal/access.ts";
import { createClient, openConnection } from "../../src/temporal/client-connection.ts";

const CONNECT_TIMEOUT_MS = 10_000;

export async function withTemporalClient<T>(
  { address, namespace = "default" }: { readonly address: string; readonly namespace?: string },
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const access = localAccess(address, namespace);
  const connection = await openConnection(access, CONNECT_TIMEOUT_MS);
  try {
    return await use(createClient(connection, access));
  } finally {
    await connection.close();
  }
}
