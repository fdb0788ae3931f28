// The gateway process: connects, makes sure that it may be reached by whoever can reach it, listens,
// and drains on SIGTERM, within its grace.
//
// G5. It does not start where nobody could prove who they are: without a key, unless it is the local
//     stack's, which has a token, or was told to be open, which it can be on loopback alone.

import { setTimeout as pause } from "node:timers/promises";
import { utimesSync } from "node:fs";
import { connect, type StackAddresses } from "../client/connect.ts";
import { createRunClient } from "../client/run-client.ts";
import type { Config } from "../config.ts";
import { isPawlError, PawlError, type ErrorCode } from "../domain/errors.ts";
import { isLoopbackHost } from "../domain/loopback.ts";
import { hearHangups } from "../process/hangups.ts";
import { checkRoom, type Need } from "../process/room.ts";
import { createApiKeys, type ApiKeys } from "../store/api-keys.ts";
import { openDatabase } from "../store/database.ts";
import { checkSchema } from "../store/schema-state.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { createApp } from "./app.ts";
import type { Gateway } from "./route-context.ts";
import { createEventHub } from "./event-hub.ts";
import { createProxies } from "./client-address.ts";
import { createHealth } from "./health.ts";
import { ANSWER_WITHIN_MS } from "./in-time.ts";
import { withLogCheck } from "./log-check.ts";
import { listen } from "./http-server.ts";
import type { LocalDoor } from "./local-door.ts";
import { createMetrics } from "./metrics.ts";
import { createMount } from "./outer-address.ts";
import { createRunOwners } from "./run-owners.ts";
import { createStreams } from "./streams.ts";

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  readonly stack?: StackAddresses;
  /** Who is heard without an API key. */
  readonly door: LocalDoor;
  /** A file to touch as long as somebody uses the gateway: the local stack then stays. */
  readonly usedFile?: string;
  readonly onReady?: (url: string) => void;
}

/** A worker makes the tables when it starts. */
const PASSING: readonly ErrorCode[] = ["BACKEND_UNREACHABLE", "SCHEMA_BEHIND"];
const STARTUP_PATIENCE_MS = 30_000;
const STARTUP_RETRY_MS = 500;
const USE_NOTED_EVERY_MS = 10_000;

/** Its own, with those that are kept for whoever comes while all are in use. */
const NEED: Need = { what: "a gateway", files: 128, heapMb: 64, orLess: "" };

/** Serves until SIGTERM or SIGINT. */
export async function runGateway(
  config: Config,
  telemetry: Telemetry,
  options: GatewayOptions,
): Promise<void> {
  checkRoom(NEED, (message) => telemetry.emit({ event: "memory_tight", message }));
  const hangups = hearHangups(config.log, telemetry);
  try {
    await serve(config, telemetry, options);
  } finally {
    hangups.stop();
  }
}

async function serve(config: Config, telemetry: Telemetry, options: GatewayOptions): Promise<void> {
  const { host, port, stack, door } = options;
  const mount = createMount(config.gateway.url);
  const where = stack?.databaseUrl ?? config.database.access;
  if (where === null) {
    throw new PawlError("CONFIG", "DATABASE_URL is not set. The gateway keeps its keys there.");
  }
  const db = openDatabase(where, {
    connectionsMax: config.database.maxConnections,
    timeoutMs: ANSWER_WITHIN_MS,
  });
  const backend = await patiently(async () => {
    await checkSchema(db);
    return await connect(config, stack);
  });
  const keys = createApiKeys(db);
  const client = createRunClient(backend);
  const draining = new AbortController();
  const hub = createEventHub(client, {
    onFailed: (runId, error) => telemetry.emit({ event: "watch_failed", runId, error }),
    onSpillFailed: (runId, error) => telemetry.emit({ event: "spill_failed", runId, error }),
  });
  const metrics = createMetrics(hub);
  const streams = createStreams(keys, config.gateway);
  const proxies = createProxies(config.gateway.trustedProxies);
  await refuseUnguarded(door, host, keys);
  const gateway: Gateway = {
    client,
    db,
    keys,
    config,
    telemetry,
    owners: createRunOwners(client),
    hub,
    streams,
    proxies,
    metrics,
    health: withLogCheck(createHealth(client, db, config), telemetry.logState),
    door,
    draining: draining.signal,
    ...(options.usedFile === undefined ? {} : { onUse: touching(options.usedFile) }),
  };
  const server = await listen(createApp(gateway), { host, port, mount }, proxies);
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${server.port}`;
  telemetry.emit({ event: "gateway_ready", url, door: door.kind });
  options.onReady?.(url);
  await untilTold();
  telemetry.emit({ event: "gateway_draining" });
  draining.abort();
  hub.close();
  streams.close();
  await server.drain(config.process.shutdownGraceMs);
  await Promise.allSettled([client.close(), db.end(), metrics.close()]);
  telemetry.emit({ event: "gateway_ended" });
}

async function refuseUnguarded(door: LocalDoor, host: string, keys: ApiKeys): Promise<void> {
  if (door.kind === "open" && !isLoopbackHost(host)) {
    throw new PawlError(
      "CONFIG",
      `At ${host} everybody would be let in: a gateway can be open on 127.0.0.1 alone.`,
    );
  }
  if (door.kind !== "keys" || (await keys.any())) return;
  throw new PawlError(
    "CONFIG",
    "The gateway needs a key, and there is none: pawl keys create --tenant NAME",
  );
}

/** Whatever is started together with us may still be on its way. */
async function patiently<T>(start: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + STARTUP_PATIENCE_MS;
  while (true) {
    try {
      return await start();
    } catch (error) {
      const isPassing = isPawlError(error) && PASSING.includes(error.code);
      if (!isPassing || Date.now() > deadline) throw error;
      await pause(STARTUP_RETRY_MS);
    }
  }
}

function touching(file: string): () => void {
  let notedAtMs = 0;
  return () => {
    if (Date.now() - notedAtMs < USE_NOTED_EVERY_MS) return;
    notedAtMs = Date.now();
    const now = new Date();
    try {
      utimesSync(file, now, now);
    } catch {
      // The stack is ending, or not quite there yet.
    }
  };
}

async function untilTold(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => resolve());
  });
}
