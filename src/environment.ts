// Every variable that Pawl reads, in one table: the word by which the code knows it (units last), the
// name it has in the environment, and the schema of its value. Limits in whole
// numbers have their names from domain/limit-table.ts. No name stands anywhere else but where an environment is made
// for a child, and in .env.example, which a test keeps equal to this table.
// What a value is called need not be what it is given in: a cap is written in USD and kept in micro-USD.

import { readFileSync } from "node:fs";
import { QUEUE_DEFAULT } from "./temporal/queues.ts";
import { z } from "zod";
import type { Rule } from "./domain/approval.ts";
import { readRoots } from "./domain/file-roots.ts";
import { INPUT_RULES_DEFAULT } from "./domain/input-rules.ts";
import { compilePattern } from "./domain/linear-pattern.ts";
import { strictest } from "./domain/gate/policy-layers.ts";
import { byLimit } from "./domain/limit-table.ts";
import { SHIPPED_MODELS } from "./domain/model-table.ts";
import { POLICIES } from "./domain/run/snapshot.ts";
import { SANDBOX_TIERS } from "./domain/sandbox-tier.ts";
import { microUsdOf } from "./domain/money.ts";
import { linesOf } from "./domain/utf8.ts";
import {
  baseUrl,
  domainEntries,
  headerText,
  oneOf,
  payerName,
  placeUrl,
} from "./environment-values.ts";
import { readModelsFile } from "./models-file.ts";
import { isThere } from "./project-dir.ts";
import { toolSecrets } from "./tool-secrets.ts";

/** More than this, and Node's timers ring at once. */
const TIMER_MS_MAX = 2_147_483_647;

const text = z.string();
const DOLLARS = "it is a number of dollars from 0.000001 to 1000000, such as 0.50";
const COUNT = "it is a whole number above 0";
const MILLIS = `it is a whole number of milliseconds from 1 to ${TIMER_MS_MAX}`;
const MINUTES = "it is a number of minutes above 0";
const microUsd = z.coerce
  .number(DOLLARS)
  .min(0.000001, DOLLARS)
  .max(1_000_000, DOLLARS)
  .transform(microUsdOf);
const count = z.coerce.number(COUNT).int(COUNT).positive(COUNT);
const millis = z.coerce.number(MILLIS).int(MILLIS).positive(MILLIS).max(TIMER_MS_MAX, MILLIS);
/** A lease of a call lasts so long: below a second it would run out before it is renewed. */
const HEARTBEAT = `it is a whole number of milliseconds from 1000 to ${TIMER_MS_MAX}`;
const heartbeat = z.coerce
  .number(HEARTBEAT)
  .int(HEARTBEAT)
  .min(1000, HEARTBEAT)
  .max(TIMER_MS_MAX, HEARTBEAT);
const flag = oneOf(["0", "1", "true", "false"]).transform(
  (value) => value === "1" || value === "true",
);
const rules = z.string().transform((value, context) => {
  const found = new Map<string, Rule>();
  for (const item of value.split(",").filter((part) => part.trim() !== "")) {
    const [, name, rule] = /^\s*([\w-]+)\s*=\s*(\w+)\s*$/.exec(item) ?? [];
    if (name === undefined || rule === undefined || !isRule(rule)) {
      context.addIssue({ code: "custom", message: "it looks like write_file=ask,run_code=deny" });
    } else {
      found.set(name, strictest([rule, found.get(name) ?? "allow"]));
    }
  }
  return Object.fromEntries(found);
});
function isRule(word: string): word is Rule {
  return word === "allow" || word === "ask" || word === "deny";
}
const patterns = z.string().transform((path, context) => {
  const complain = (message: string): never[] => {
    context.addIssue({ code: "custom", message });
    return [];
  };
  let lines: readonly (string | null)[];
  try {
    lines = linesOf(readFileSync(path));
  } catch {
    return complain(`it names ${path}, which can't be read`);
  }
  return lines.flatMap((written, index) => {
    if (written === null) return complain(`line ${index + 1} of ${path} is not UTF-8`);
    const line = written.replace(/\r$/, "");
    if (line === "" || line.startsWith("#")) return [];
    try {
      return [compilePattern(line)];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return complain(`line ${index + 1} of ${path} is no pattern: ${why}`);
    }
  });
});
const models = z.string().transform((path, context) => {
  const read = readModelsFile(path);
  if (read.kind === "read") return read.table;
  for (const message of read.complaints) context.addIssue({ code: "custom", message });
  return SHIPPED_MODELS;
});
const folder = text.refine(
  (path) => isThere(path, true),
  "it names no folder: make one with `pawl init`",
);
const webUrl = z.url({
  protocol: /^https?$/,
  error: "it is no URL that begins with https:// or http://",
});
const list = z.string().transform((value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
const addresses = list.pipe(
  z.array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], "it looks like 10.0.0.0/8,192.0.2.7,::1"),
  ),
);

const fileRoots = z.string().transform((value, context) => {
  const { roots, complaints } = readRoots(value);
  for (const message of complaints) context.addIssue({ code: "custom", message });
  return [...roots];
});

export interface Variable<S extends z.ZodType = z.ZodType> {
  name: string;
  /** `default` is what holds where the variable is not set. */
  schema: S;
  /** `NAME_FILE` may name a file that holds it. */
  secret: boolean;
  /** Known in lower case too, which then wins: as all programs read it that know it. */
  inLowerCase: boolean;
}

function env<S extends z.ZodType>(name: string, schema: S): Variable<S> {
  return { name, schema, secret: false, inLowerCase: false };
}

function secret<S extends z.ZodType = z.ZodString>(
  name: string,
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what S is where nothing is given
  schema: S = text as unknown as S,
): Variable<z.ZodOptional<S>> {
  return { name, schema: schema.optional(), secret: true, inLowerCase: false };
}

function ofEverybody(name: string): Variable<z.ZodOptional<z.ZodString>> {
  return { name, schema: text.optional(), secret: false, inLowerCase: true };
}

/** All names that a process of ours reads, those of files of secrets and those in lower case among them. */
export function namesOf({ name, secret: isSecret, inLowerCase }: Variable): readonly string[] {
  return [
    ...(inLowerCase ? [name.toLowerCase()] : []),
    name,
    ...(isSecret ? [`${name}_FILE`] : []),
  ];
}

/** Group, word, variable: `config.caps.runMicroUsd` is what PAWL_RUN_CAP_USD says. */
export const ENVIRONMENT = {
  temporal: {
    address: env("TEMPORAL_ADDRESS", text.optional()),
    namespace: env("TEMPORAL_NAMESPACE", text.default("default")),
    taskQueue: env("PAWL_TASK_QUEUE", text.min(1).default(QUEUE_DEFAULT)),
    uiUrl: env("TEMPORAL_UI_URL", placeUrl.optional()),
    deploymentName: env("TEMPORAL_DEPLOYMENT_NAME", text.optional()),
    buildId: env("TEMPORAL_WORKER_BUILD_ID", text.optional()),
  },
  database: {
    url: secret("DATABASE_URL"),
    keepDays: env(
      "PAWL_KEEP_DAYS",
      count.max(36_500, "it is a whole number of days up to 36500").default(30),
    ),
    maxConnections: env("PAWL_DB_CONNECTIONS", count.default(4)),
  },
  /** What DATABASE_URL leaves open, by the words that libpq has for it (src/conninfo). */
  libpq: {
    host: env("PGHOST", text.optional()),
    hostaddr: env("PGHOSTADDR", text.optional()),
    port: env("PGPORT", text.optional()),
    user: env("PGUSER", text.optional()),
    password: secret("PGPASSWORD"),
    dbname: env("PGDATABASE", text.optional()),
    sslmode: env("PGSSLMODE", text.optional()),
    sslrootcert: env("PGSSLROOTCERT", text.optional()),
    sslcert: env("PGSSLCERT", text.optional()),
    sslkey: env("PGSSLKEY", text.optional()),
    sslcrl: env("PGSSLCRL", text.optional()),
    sslnegotiation: env("PGSSLNEGOTIATION", text.optional()),
    ssl_min_protocol_version: env("PGSSLMINPROTOCOLVERSION", text.optional()),
    ssl_max_protocol_version: env("PGSSLMAXPROTOCOLVERSION", text.optional()),
    options: env("PGOPTIONS", text.optional()),
    application_name: env("PGAPPNAME", text.optional()),
    connect_timeout: env("PGCONNECT_TIMEOUT", text.optional()),
    target_session_attrs: env("PGTARGETSESSIONATTRS", text.optional()),
    load_balance_hosts: env("PGLOADBALANCEHOSTS", text.optional()),
  },
  provider: {
    apiKey: secret("ANTHROPIC_API_KEY", headerText),
    baseUrl: env("ANTHROPIC_BASE_URL", baseUrl.optional()),
    authToken: secret("ANTHROPIC_AUTH_TOKEN", headerText),
    formerBaseUrls: env("PAWL_FORMER_BASE_URLS", list.pipe(z.array(baseUrl)).default([])),
    offline: env("PAWL_OFFLINE_MODEL", flag.default(false)),
  },
  project: {
    dir: env("PAWL_PROJECT_DIR", folder.optional()),
  },
  models: {
    table: env(
      "PAWL_MODELS_FILE",
      models.default(() => SHIPPED_MODELS),
    ),
  },
  proxy: {
    https: ofEverybody("HTTPS_PROXY"),
    http: ofEverybody("HTTP_PROXY"),
    except: ofEverybody("NO_PROXY"),
  },
  caps: {
    runMicroUsd: env("PAWL_RUN_CAP_USD", microUsd.default(microUsdOf(1))),
    sessionMicroUsd: env("PAWL_SESSION_CAP_USD", microUsd.optional()),
    tenantDayMicroUsd: env("PAWL_TENANT_DAY_CAP_USD", microUsd.default(microUsdOf(10))),
    tenantMonthMicroUsd: env("PAWL_TENANT_MONTH_CAP_USD", microUsd.optional()),
    globalDayMicroUsd: env("PAWL_GLOBAL_DAY_CAP_USD", microUsd.optional()),
  },
  limits: byLimit(({ variable, standard }) => env(variable, count.default(standard))),
  agent: {
    model: env("PAWL_AGENT_MODEL", text.optional()),
    routing: env("PAWL_ROUTING", oneOf(POLICIES).default("fixed")),
    fallbackModels: env("PAWL_FALLBACK_MODELS", list.default([])),
    fallbackAfterAttempts: env("PAWL_FALLBACK_AFTER_ATTEMPTS", count.default(3)),
    allowedTools: env("PAWL_AGENT_ALLOWED_TOOLS", list.optional()),
    wrapUp: env("PAWL_WRAP_UP", flag.default(true)),
    compaction: env("PAWL_COMPACTION", flag.default(true)),
    cacheTtl: env("PAWL_CACHE_TTL", oneOf(["auto", "5m", "1h"]).default("auto")),
  },
  input: {
    charsMax: env("PAWL_INPUT_MAX_CHARS", count.default(INPUT_RULES_DEFAULT.charsMax)),
    mode: env(
      "PAWL_INPUT_RULES",
      oneOf(["flag", "block", "off"]).default(INPUT_RULES_DEFAULT.mode),
    ),
    patterns: env("PAWL_INPUT_PATTERNS_FILE", patterns.default([])),
  },
  tools: {
    policy: env("PAWL_TOOL_POLICY", rules.optional()),
    webSearch: env("PAWL_WEB_SEARCH", oneOf(["server", "own", "off"]).optional()),
    search: env("PAWL_SEARCH", oneOf(["brave", "tavily", "searxng", "corpus"]).optional()),
    braveKey: secret("BRAVE_SEARCH_API_KEY", headerText),
    tavilyKey: secret("TAVILY_API_KEY", headerText),
    searxngUrl: env("SEARXNG_URL", placeUrl.optional()),
    allowedDomains: env("PAWL_ALLOWED_DOMAINS", list.pipe(domainEntries).optional()),
    blockedDomains: env("PAWL_BLOCKED_DOMAINS", list.pipe(domainEntries).default([])),
    /** For tools, by their names: never in a prompt, a history or a result. */
    secrets: secret("PAWL_SECRETS", toolSecrets),
    sandboxMinTier: env("PAWL_SANDBOX_MIN_TIER", oneOf(SANDBOX_TIERS).default("wasm")),
    filesDir: env("PAWL_FILES_DIR", text.min(1).optional()),
    filesRoots: env("PAWL_FILES_ROOTS", fileRoots.default([])),
  },
  approvals: {
    timeoutMs: env("PAWL_APPROVAL_TIMEOUT_MS", millis.default(86_400_000)),
    webhookUrl: env("PAWL_APPROVAL_WEBHOOK_URL", webUrl.optional()),
    webhookSecret: secret("PAWL_WEBHOOK_SECRET"),
  },
  timers: {
    heartbeatTimeoutMs: env("PAWL_HEARTBEAT_TIMEOUT_MS", heartbeat.default(20_000)),
    firstByteTimeoutMs: env("PAWL_FIRST_BYTE_TIMEOUT_MS", millis.default(30_000)),
    idleTimeoutMs: env("PAWL_IDLE_TIMEOUT_MS", millis.default(30_000)),
    progressTimeoutMs: env("PAWL_PROGRESS_TIMEOUT_MS", millis.default(60_000)),
    callTimeoutMs: env("PAWL_CALL_TIMEOUT_MS", millis.default(600_000)),
    toolTimeoutMs: env("PAWL_TOOL_TIMEOUT_MS", millis.default(60_000)),
    batchFirstLookMs: env("PAWL_BATCH_FIRST_LOOK_MS", millis.default(15_000)),
  },
  retries: {
    initialMs: env("PAWL_RETRY_INITIAL_MS", millis.default(1000)),
    maxAttempts: env("PAWL_RETRY_MAX_ATTEMPTS", count.default(8)),
    circuitFailures: env("PAWL_BREAKER_FAILURES", count.default(5)),
  },
  worker: {
    modelSlots: env("PAWL_MODEL_SLOTS", count.default(500)),
    toolSlots: env("PAWL_TOOL_SLOTS", count.default(100)),
    transcriptCacheMb: env("PAWL_TRANSCRIPT_CACHE_MB", count.default(64)),
    stackTraces: env("PAWL_STACK_TRACES", flag.default(false)),
  },
  history: {
    maxEvents: env("PAWL_HISTORY_MAX_EVENTS", count.default(2000)),
    maxBytes: env("PAWL_HISTORY_MAX_BYTES", count.default(2_000_000)),
  },
  caller: {
    tenant: env("PAWL_TENANT", payerName.default("local")),
    session: env("PAWL_SESSION", payerName.default("local")),
  },
  tenants: {
    /** True where the first run of a tenant registers it. */
    isOpen: env("PAWL_OPEN_TENANTS", flag.default(false)),
  },
  stack: {
    dir: env("PAWL_STATE_DIR", text.min(1).default(".pawl")),
    idleMinutes: env(
      "PAWL_STACK_IDLE_MINUTES",
      z.coerce.number(MINUTES).positive(MINUTES).default(15),
    ),
  },
  process: {
    shutdownGraceMs: env("PAWL_SHUTDOWN_GRACE_MS", millis.default(30_000)),
  },
  log: {
    level: env(
      "PAWL_LOG_LEVEL",
      oneOf(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
    ),
    file: env("PAWL_LOG_FILE", text.optional()),
  },
  gateway: {
    url: env("PAWL_GATEWAY_URL", placeUrl.optional()),
    requestsPerMinute: env("PAWL_GATEWAY_REQUESTS_PER_MINUTE", count.default(1200)),
    streamsPerKey: env("PAWL_GATEWAY_STREAMS_PER_KEY", count.default(50)),
    streamsPerTenant: env("PAWL_GATEWAY_STREAMS_PER_TENANT", count.default(200)),
    trustedProxies: env("PAWL_GATEWAY_TRUSTED_PROXIES", addresses.default([])),
  },
};
