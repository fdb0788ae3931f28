// What the parts of one local stack have in common: where its state is, and its addresses.

import { readConfig } from "../config.ts";
import type { Ports } from "./ports.ts";

export interface PartContext {
  /** Absolute. */
  readonly stateDir: string;
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

/** What a server of ours may know of the user's environment: no keys, no settings of other tools. */
export function baseEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ["PATH", "HOME", "USER", "TMPDIR", "TEMP", "LANG", "TZ", "SystemRoot"];
  return Object.fromEntries(
    names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
}

/** The offline model stands in where there is no key, or where it is asked for. */
export function wantsOfflineModel(env: NodeJS.ProcessEnv): boolean {
  const { offline, apiKey } = readConfig(env).provider;
  return offline || apiKey === undefined;
}

/** An external Postgres is used as it is; there is no part for it. */
export function hasOwnDatabase(env: NodeJS.ProcessEnv): boolean {
  return readConfig(env).database.url !== undefined;
}
