// The environments of the parts: what any program needs, and of the settings and secrets no more than the part
// has a use for. What other tools have set for themselves stays outside.

import { SETTING_NAMES } from "../config.ts";
import { LIBPQ_NAMES } from "../database-access.ts";
import { variablesInMcpFile } from "../mcp/read-file.ts";
import { hasOwnDatabase, type PartContext } from "./part-context.ts";

/** Of Node and its TLS as well: where a company has a certificate of its own, every program needs it. */
const OF_EVERY_PROGRAM = [
  ...["PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "LANG", "LC_ALL", "TZ", "SystemRoot"],
  ...["NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "NO_COLOR"],
];

/** `spareHome` for a user who has no home: Go programs end at once where they find none. */
export function baseEnv(env: NodeJS.ProcessEnv, spareHome?: string): NodeJS.ProcessEnv {
  const spare = spareHome === undefined ? {} : { HOME: spareHome, USER: "pawl" };
  return { ...spare, ...named(env, OF_EVERY_PROGRAM) };
}

/** As the cap of a tenant: on one machine, more tenants are no more money. */
const GLOBAL_DAY_CAP_USD = "10";

type StackContext = Omit<PartContext, "ports" | "socketFolder">;

/** The user's settings, pointed at the local stack and at nothing else. */
export function workerEnv(context: StackContext): NodeJS.ProcessEnv {
  const { env, config, stateDir, namespace, temporalAddress, databaseUrl, modelUrl } = context;
  // A file of a key would hold before the key of the offline model.
  const settings = without(named(env, SETTING_NAMES), [
    ...(modelUrl === null ? [] : KEY_FILES),
    // They would fill in what the address of the embedded Postgres does not say.
    ...(hasOwnDatabase(config) ? [] : LIBPQ_NAMES),
  ]);
  return {
    ...baseEnv(env, stateDir),
    ...settings,
    ...named(env, ["PAWL_FAILPOINT", ...mcpVariables(context)]),
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    PAWL_STATE_DIR: stateDir,
    ...(config.project.dir === null ? {} : { PAWL_PROJECT_DIR: config.project.dir }),
    ...(config.caps.globalDayMicroUsd === undefined
      ? { PAWL_GLOBAL_DAY_CAP_USD: GLOBAL_DAY_CAP_USD }
      : {}),
    ...(hasOwnDatabase(config) ? {} : { DATABASE_URL: databaseUrl }),
    ...(modelUrl === null
      ? {}
      : { PAWL_OFFLINE_MODEL: "1", ANTHROPIC_BASE_URL: modelUrl, ANTHROPIC_API_KEY: "offline" }),
  };
}

/** It looks whether the provider serves, and tells no webhook. */
export function gatewayEnv(context: PartContext): NodeJS.ProcessEnv {
  const secrets = OF_WORKERS.flatMap((name) => [name, `${name}_FILE`]);
  return without(workerEnv(context), [...secrets, ...mcpVariables(context)]);
}

/** What `.mcp.json` names, but for what is set here anyway. */
function mcpVariables({ config }: StackContext): readonly string[] {
  const ours = [...SETTING_NAMES, ...LIBPQ_NAMES, ...OF_EVERY_PROGRAM];
  return variablesInMcpFile(config.project.dir).filter((name) => !ours.includes(name));
}

const OF_WORKERS = [
  ...["PAWL_WEBHOOK_SECRET", "PAWL_SECRETS", "BRAVE_SEARCH_API_KEY", "TAVILY_API_KEY"],
];

const KEY_FILES = [
  ...["ANTHROPIC_API_KEY_FILE", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN_FILE"],
];

function named(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

function without(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}
