// What the parts of one local stack have in common: where its state is, its settings and its addresses.

import type { Config } from "../config.ts";
import { keyFor } from "../domain/provider.ts";
import type { Ports } from "./ports.ts";

export interface PartContext {
  /** Absolute. */
  readonly stateDir: string;
  readonly config: Config;
  /** To be handed on to parts, as far as they need it (part-env.ts); read it in `config`. */
  readonly env: NodeJS.ProcessEnv;
  readonly ports: Ports;
  readonly namespace: string;
  readonly temporalAddress: string;
  /** Of the embedded Postgres. */
  readonly socketFolder: string;
  readonly databaseUrl: string;
  /** Null where the real API is used. */
  readonly modelUrl: string | null;
}

/** The offline model stands in where it is asked for, or where there is neither a key nor a server that needs none. */
export function wantsOfflineModel({ provider }: Config): boolean {
  return provider.offline || keyFor(provider) === undefined;
}

/** An external Postgres is used as it is; there is no part for it. */
export function hasOwnDatabase({ database }: Config): boolean {
  return database.access !== null;
}
