// Where Temporal is, and as whom. Profiles and TLS come with `TEMPORAL_*`; a local stack needs, and
// gets, none of it.

import {
  loadClientConfigProfile,
  toClientOptions,
  type ClientConnectConfig,
} from "@temporalio/envconfig";
import { PawlError } from "../domain/errors.ts";
import { unsendableIn } from "../domain/header-text.ts";
import { onlySet } from "../domain/only-set.ts";
import { halfPair, passedOver, unusable } from "./login-settings.ts";

export interface TemporalAccess {
  readonly options: ClientConnectConfig["connectionOptions"];
  readonly namespace: string;
}

/** Throws PawlError CONFIG. `namespace` is taken where the environment and its profile name none. */
export function accessByEnvironment(
  namespace: string,
  env: NodeJS.ProcessEnv = process.env,
): TemporalAccess {
  const found = loaded(onlySet(env));
  const { apiKey } = found.connectionOptions;
  // gRPC would print it in its complaint.
  const wrong = typeof apiKey === "string" ? unsendableIn(apiKey) : null;
  if (wrong !== null) throw new PawlError("CONFIG", `TEMPORAL_API_KEY: ${wrong}`);
  return { options: found.connectionOptions, namespace: found.namespace ?? namespace };
}

function loaded(env: Readonly<Record<string, string>>): ClientConnectConfig {
  refuse(passedOver(env));
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars: env });
    refuse(halfPair(profile.tls ?? {}));
    const found = toClientOptions(profile);
    refuse(unusable(found.connectionOptions.tls));
    return found;
  } catch (error) {
    if (error instanceof PawlError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new PawlError("CONFIG", `Temporal's settings can't be read: ${detail}`, { cause: error });
  }
}

function refuse(wrong: string | null): void {
  if (wrong !== null) throw new PawlError("CONFIG", wrong);
}

export function localAccess(address: string, namespace: string): TemporalAccess {
  return { options: { address }, namespace };
}

export const DEFAULT_ADDRESS = "localhost:7233";
