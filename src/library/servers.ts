// Which servers a program uses: those that the environment names, or the local stack, which is started where it does
// not run yet. Light to import: what is needed is loaded when it is.

import type { Config } from "../config.ts";
import type { PartName } from "../dev/part.ts";
import type { StackState } from "../dev/stack-state.ts";

export interface ServersOptions {
  /** Settings (`.env.example` names all); `process.env` unless given. */
  readonly env?: NodeJS.ProcessEnv;
  /** Told what is done while the local stack starts. */
  readonly onProgress?: (line: string) => void;
}

export interface Servers {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  /** Null where the environment names a Temporal. */
  readonly stack: StackState | null;
}

/** Throws PawlError CONFIG, or with the reason why the local stack did not start. */
export async function findServers(
  { env = process.env, onProgress = () => undefined }: ServersOptions,
  parts?: readonly PartName[],
): Promise<Servers> {
  const { readConfig } = await import("../config.ts");
  const config = readConfig(env);
  if (config.temporal.address !== undefined) return { config, env, stack: null };
  const { ensureStack } = await import("../dev/ensure-stack.ts");
  const wanted = { config, env, to: "start a run", ...(parts && { parts }) } as const;
  return { config, env, stack: await ensureStack(wanted, onProgress) };
}

/** The environment of somebody who uses these servers, and no others that the program's own may name. */
export async function envAt({ config, env, stack }: Servers): Promise<NodeJS.ProcessEnv> {
  if (stack === null) return env;
  const { workerEnv } = await import("../dev/part-env.ts");
  const { namespace, temporalAddress, databaseUrl, modelUrl } = stack;
  return workerEnv({
    ...{ env, config, stateDir: config.stack.dir, namespace, temporalAddress, modelUrl },
    databaseUrl: databaseUrl ?? "",
  });
}
