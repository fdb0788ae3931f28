// The way of a client to Temporal. Whoever only asks the server something opens a connection; whoever
// reads or writes payloads creates a client on it.

import { Client, Connection } from "@temporalio/client";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { isLoopbackAddress } from "../domain/loopback.ts";
import { DEFAULT_ADDRESS, type TemporalAccess } from "./access.ts";
import { DATA_CONVERTER } from "./data-converter.ts";
import { payloadConverter } from "./lenient-converter.ts";
import { unreachable } from "./unreachable.ts";

/**
 * A page of history is one message, and has no limit but that of the history. The SDK means to accept
 * as much, but names the setting so that gRPC doesn't know it (1.24.0), and then retries for minutes.
 */
const MESSAGE_BYTES_MAX = 128 * 1024 * 1024;

/** Throws PawlError BACKEND_UNREACHABLE or TEMPORAL_LOGIN. */
export async function openConnection(
  access: TemporalAccess,
  timeoutMs: number,
): Promise<Connection> {
  const { options } = access;
  try {
    return await Connection.connect({
      ...options,
      connectTimeout: timeoutMs,
      channelArgs: { "grpc.max_receive_message_length": MESSAGE_BYTES_MAX, ...ways(options) },
    });
  } catch (error) {
    throw await unreachable(access, error);
  }
}

/** gRPC would ask the proxy of the environment for a server on this machine, where the proxy has none. */
function ways({ address }: TemporalAccess["options"]): Readonly<Record<string, number>> {
  return isLoopbackAddress(address ?? DEFAULT_ADDRESS) ? { "grpc.enable_http_proxy": 0 } : {};
}

export function createClient(connection: Connection, { namespace }: TemporalAccess): Client {
  // One memo that nobody can read must not hide the list of all runs.
  const dataConverter = { ...loadDataConverter(DATA_CONVERTER), payloadConverter };
  return new Client({ connection, namespace, dataConverter });
}
