// What the routes of the gateway work with, and what each request carries.

import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { RunClient } from "../client/run-client.ts";
import type { Config } from "../config.ts";
import type { ApiKeys } from "../store/api-keys.ts";
import type { Database } from "../store/database.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Proxies } from "./client-address.ts";
import type { EventHub } from "./event-hub.ts";
import type { Health } from "./health.ts";
import type { LocalDoor } from "./local-door.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { Principal } from "./principal.ts";
import type { RunOwners } from "./run-owners.ts";
import type { Streams } from "./streams.ts";

export interface Gateway {
  readonly client: RunClient;
  readonly db: Database;
  readonly keys: ApiKeys;
  readonly config: Config;
  readonly telemetry: Telemetry;
  readonly owners: RunOwners;
  /** Shows runs as they go. */
  readonly hub: EventHub;
  /** Who may hold an event stream, and for how long. */
  readonly streams: Streams;
  readonly proxies: Proxies;
  readonly metrics: GatewayMetrics;
  readonly health: Health;
  /** How somebody without an API key may be let in. */
  readonly door: LocalDoor;
  /** Aborts when the process is told to end: streams say goodbye, and their viewers come back. */
  readonly draining: AbortSignal;
  /** Told of each request that a person or a program made. */
  readonly onUse?: () => void;
}

export interface GatewayEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: {
    gateway: Gateway;
    principal: Principal;
    requestId: string;
    /** Where the caller is. */
    address: string;
    /** The path as the document has it, e.g. `/v1/runs/{runId}`. */
    route: string;
    /** What finding out who asks has taken of the time for the answer. */
    waitedMs: number;
  };
}

export type GatewayContext = Context<GatewayEnv>;
