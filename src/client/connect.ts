// The way to a Pawl backend: Temporal, and Postgres where it is known. Fails fast and says what to do.

import type { Client, OperatorService } from "@temporalio/client";
import type { Config } from "../config.ts";
import type { ModelTable } from "../domain/model-table.ts";
import type { InputRules } from "../domain/input-rules.ts";
import { openDatabase, placeOf, type Database } from "../store/database.ts";
import { createDeltaReader, type DeltaReader } from "../store/deltas.ts";
import { createRunRecords, type RunRecords } from "../store/run-records.ts";
import { createTenants, type Tenants } from "../store/tenants.ts";
import {
  accessByEnvironment,
  DEFAULT_ADDRESS,
  localAccess,
  type TemporalAccess,
} from "../temporal/access.ts";
import { createClient, openConnection } from "../temporal/client-connection.ts";

/** Where a local stack listens; used instead of the environment's addresses. */
export interface StackAddresses {
  readonly temporalAddress: string;
  readonly namespace?: string;
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
  /** What a task may hold, as the environment here says it; a worker has its own word. */
  readonly inputRules: InputRules;
  readonly models: ModelTable;
  readonly deltas: DeltaReader | null;
  /** Null where there is no database: then what Temporal has forgotten is gone. */
  readonly records: RunRecords | null;
  /** Null where there is no database: then the worker alone knows who is registered. */
  readonly tenants: Tenants | null;
  /** Money is read and budgets are set here; null where no database is known. */
  readonly db: Database | null;
  /** How people know the servers: host and port. */
  readonly places: { readonly temporal: string; readonly postgres: string };
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;
/** A view that is late by more than this is of no use. */
const DELTAS_TIMEOUT_MS = 5000;

/** Throws PawlError BACKEND_UNREACHABLE within about five seconds. */
export async function connect(
  config: Config,
  stack?: StackAddresses,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Backend> {
  const access = accessTo(stack, config.temporal.namespace, env);
  const connection = await openConnection(access, CONNECT_TIMEOUT_MS);
  const where = stack?.databaseUrl ?? config.database.access;
  const view =
    where === null
      ? null
      : openDatabase(where, { connectionsMax: 2, timeoutMs: DELTAS_TIMEOUT_MS });
  // Connects when somebody asks about money, and may take its time.
  const db = where === null ? null : openDatabase(where, { connectionsMax: 2 });
  return {
    client: createClient(connection, access),
    operator: connection.operatorService,
    namespace: access.namespace,
    taskQueue: config.temporal.taskQueue,
    uiUrl: config.temporal.uiUrl ?? null,
    gatewayUrl: config.gateway.url ?? stack?.gatewayUrl ?? null,
    inputRules: config.input,
    models: config.models.table,
    ...(view === null ? NO_STORES : storesIn(view, config)),
    db,
    places: {
      temporal: access.options.address ?? DEFAULT_ADDRESS,
      postgres: where === null ? "" : placeOf(where),
    },
    async close() {
      await Promise.allSettled([connection.close(), view?.end(), db?.end()]);
    },
  };
}

const NO_STORES = { records: null, deltas: null, tenants: null };

function storesIn(view: Database, config: Config): Pick<Backend, keyof typeof NO_STORES> {
  return {
    records: createRunRecords(view),
    deltas: createDeltaReader(view),
    tenants: createTenants(view, { isOpen: config.tenants.isOpen }),
  };
}

function accessTo(
  stack: StackAddresses | undefined,
  namespace: string,
  env: NodeJS.ProcessEnv,
): TemporalAccess {
  if (stack === undefined) return accessByEnvironment(namespace, env);
  return localAccess(stack.temporalAddress, stack.namespace ?? namespace);
}
