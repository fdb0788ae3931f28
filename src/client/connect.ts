// The way to a Pawl backend: Temporal, and Postgres where it is known. Fails fast and says what to do.

import {
  Client,
  Connection,
  type ConnectionOptions,
  type OperatorService,
} from "@temporalio/client";
import { loadClientConnectConfig } from "@temporalio/envconfig";
import { capsByScope, type Config } from "../config.ts";
import type { CapByScope } from "../domain/budget.ts";
import { PawlError } from "../domain/errors.ts";
import { openDatabase, type Database } from "../store/database.ts";
import { createDeltaReader, type DeltaReader } from "../store/deltas.ts";
import { createRunRecords, type RunRecords } from "../store/run-records.ts";

/** Where a local stack listens; used instead of the environment's addresses. */
export interface StackAddresses {
  readonly temporalAddress: string;
  readonly namespace?: string;
  readonly uiUrl?: string | null;
  readonly databaseUrl?: string | null;
  readonly gatewayUrl?: string | null;
}

export interface Backend {
  readonly client: Client;
  readonly operator: OperatorService;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly uiUrl: string | null;
  /** Where the page is. */
  readonly gatewayUrl: string | null;
  readonly deltas: DeltaReader | null;
  /** Null where there is no database: then what Temporal has forgotten is gone. */
  readonly records: RunRecords | null;
  /** Money is read and budgets are set here; null where no database is known. */
  readonly db: Database | null;
  /** What the environment says of shared caps. */
  readonly caps: CapByScope;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;
/** A view that is late by more than this is of no use. */
const DELTAS_TIMEOUT_MS = 5000;
const DEFAULT_ADDRESS = "localhost:7233";
/**
 * A page of history is one message, and has no limit but that of the history. The SDK means to accept
 * as much, but names the setting so that gRPC doesn't know it (1.24.0), and then retries for minutes.
 */
const MESSAGE_BYTES_MAX = 128 * 1024 * 1024;

/** Throws PawlError BACKEND_UNREACHABLE within about five seconds. */
export async function connect(config: Config, stack?: StackAddresses): Promise<Backend> {
  const { options, namespace } = target(config, stack);
  const connection = await open(options);
  const databaseUrl = stack?.databaseUrl ?? config.database.url ?? null;
  const view =
    databaseUrl === null
      ? null
      : openDatabase(databaseUrl, { connectionsMax: 2, timeoutMs: DELTAS_TIMEOUT_MS });
  // Connects when somebody asks about money, and may take its time.
  const db = databaseUrl === null ? null : openDatabase(databaseUrl, { connectionsMax: 2 });
  return {
    client: new Client({ connection, namespace }),
    operator: connection.operatorService,
    namespace,
    taskQueue: config.temporal.taskQueue,
    uiUrl: config.temporal.uiUrl ?? stack?.uiUrl ?? null,
    gatewayUrl: config.gateway.url ?? stack?.gatewayUrl ?? null,
    records: view === null ? null : createRunRecords(view),
    deltas: view === null ? null : createDeltaReader(view),
    db,
    caps: capsByScope(config.caps),
    async close() {
      await Promise.allSettled([connection.close(), view?.end(), db?.end()]);
    },
  };
}

interface Target {
  readonly options: ConnectionOptions;
  readonly namespace: string;
}

/** Profiles and TLS come with `TEMPORAL_*`; a local stack needs, and gets, none of it. */
function target(config: Config, stack: StackAddresses | undefined): Target {
  if (stack !== undefined) {
    const namespace = stack.namespace ?? config.temporal.namespace;
    return { options: { address: stack.temporalAddress }, namespace };
  }
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig();
    return { options: connectionOptions, namespace: namespace ?? config.temporal.namespace };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new PawlError("CONFIG", `Temporal's settings can't be read: ${detail}`, { cause: error });
  }
}

async function open(options: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect({
      ...options,
      connectTimeout: CONNECT_TIMEOUT_MS,
      channelArgs: {
        "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
        ...options.channelArgs,
      },
    });
  } catch (error) {
    const address = options.address ?? DEFAULT_ADDRESS;
    const detail = error instanceof Error ? error.message : String(error);
    throw new PawlError(
      "BACKEND_UNREACHABLE",
      `Temporal at ${address} did not answer within ${CONNECT_TIMEOUT_MS / 1000} s (${detail}).`,
      { cause: error },
    );
  }
}
