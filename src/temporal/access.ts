// Where Temporal is, and as whom. Profiles and TLS come with `TEMPORAL_*`; a local stack needs, and
// gets, none of it.

import { loadClientConnectConfig, type ClientConnectConfig } from "@temporalio/envconfig";
import { PawlError } from "../domain/errors.ts";
import { unsendableIn } from "../domain/header-text.ts";
import { onlySet } from "../domain/only-set.ts";

export interface TemporalAccess {
  readonly options: ClientConnectConfig["connectionOptions"];
  readonly namespace: string;
}

/** Throws PawlError CONFIG. `namespace` is taken where the environment and its profile name none. */
export function accessByEnvironment(
  namespace: string,
  env: NodeJS.ProcessEnv = process.env,
): TemporalAccess {
  const found = loaded(env);
  const { apiKey } = found.connectionOptions;
  // gRPC would print it in its complaint.
  const wrong = typeof apiKey === "string" ? unsendableIn(apiKey) : null;
  if (wrong !== null) throw new PawlError("CONFIG", `TEMPORAL_API_KEY: ${wrong}`);
  return { options: found.connectionOptions, namespace: found.namespace ?? namespace };
}

function loaded(env: NodeJS.ProcessEnv): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ overrideEnvVars: onlySet(env) });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new PawlError("CONFIG", `Temporal's settings can't be read: ${detail}`, { cause: error });
  }
}

export function localAccess(address: string, namespace: string): TemporalAccess {
  return { options: { address }, namespace };
}

export const DEFAULT_ADDRESS = "localhost:7233";

export function unreachable({ options }: TemporalAccess, cause: unknown): PawlError {
  const address = options.address ?? DEFAULT_ADDRESS;
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new PawlError(
    "BACKEND_UNREACHABLE",
    `No Temporal server answers at ${address} (${detail}).`,
    { cause },
  );
}
