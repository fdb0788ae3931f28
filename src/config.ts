// The environment, read once into a frozen, validated Config: the only reader of `process.env`.
// Every variable is listed in .env.example, which a test keeps equal to this schema.

import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Rule } from "./domain/approval.ts";
import type { CapByScope } from "./domain/budget.ts";
import { PawlError } from "./domain/errors.ts";
import { strictest } from "./domain/guardrail.ts";
import { POLICIES } from "./domain/routing.ts";
import { QUEUE_DEFAULT } from "./temporal/queues.ts";

/** More than this, and Node's timers ring at once. */
const TIMER_MS_MAX = 2_147_483_647;

const usd = z.coerce
  .number()
  .min(0.000001)
  .max(1_000_000)
  .transform((dollars) => Math.round(dollars * 1_000_000));
const count = z.coerce.number().int().positive();
const millis = z.coerce.number().int().positive().max(TIMER_MS_MAX);
const flag = z
  .enum(["0", "1", "true", "false"])
  .transform((value) => value === "1" || value === "true");
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
const webUrl = z.url({ protocol: /^https?$/ });
const list = z.string().transform((value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

/** One line per variable; `default` is what holds where it is not set. */
export const ENV_SCHEMA = z.object({
  TEMPORAL_ADDRESS: z.string().optional(),
  TEMPORAL_NAMESPACE: z.string().default("default"),
  TEMPORAL_UI_URL: z.string().optional(),
  TEMPORAL_DEPLOYMENT_NAME: z.string().optional(),
  TEMPORAL_WORKER_BUILD_ID: z.string().optional(),
  DATABASE_URL: z.string().optional(),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: z.string().optional(),
  PAWL_OFFLINE_MODEL: flag.default(false),

  PAWL_RUN_CAP_USD: usd.default(1_000_000),
  PAWL_SESSION_CAP_USD: usd.optional(),
  PAWL_TENANT_DAY_CAP_USD: usd.default(10_000_000),
  PAWL_TENANT_MONTH_CAP_USD: usd.optional(),
  PAWL_GLOBAL_DAY_CAP_USD: usd.optional(),

  PAWL_AGENT_MODEL: z.string().optional(),
  PAWL_ROUTING: z.enum(POLICIES).default("fixed"),
  PAWL_FALLBACK_MODELS: list.default([]),
  PAWL_FALLBACK_AFTER_ATTEMPTS: count.default(3),
  PAWL_AGENT_MAX_REPLY_TOKENS: count.default(4096),
  PAWL_AGENT_MAX_CALLS: count.default(50),
  PAWL_AGENT_MAX_TOOL_CALLS: count.default(200),
  PAWL_WRAP_UP: flag.default(true),
  PAWL_COMPACTION: flag.default(true),
  PAWL_CACHE_TTL: z.enum(["auto", "5m", "1h"]).default("auto"),
  PAWL_AGENT_MAX_REQUEST_TOKENS: count.default(50_000),
  PAWL_AGENT_MAX_TOKENS: count.default(200_000),
  PAWL_AGENT_ALLOWED_TOOLS: list.optional(),
  PAWL_BLOCKED_DOMAINS: list.default([]),
  PAWL_TOOL_POLICY: rules.optional(),
  PAWL_APPROVAL_TIMEOUT_MS: millis.default(86_400_000),
  PAWL_APPROVAL_WEBHOOK_URL: webUrl.optional(),
  PAWL_WEBHOOK_SECRET: z.string().optional(),
  PAWL_FILES_DIR: z.string().min(1).optional(),

  PAWL_HEARTBEAT_TIMEOUT_MS: millis.default(20_000),
  PAWL_FIRST_BYTE_TIMEOUT_MS: millis.default(30_000),
  PAWL_IDLE_TIMEOUT_MS: millis.default(30_000),
  PAWL_PROGRESS_TIMEOUT_MS: millis.default(60_000),
  PAWL_CALL_TIMEOUT_MS: millis.default(600_000),
  PAWL_TOOL_TIMEOUT_MS: millis.default(60_000),
  PAWL_RETRY_INITIAL_MS: millis.default(1000),
  PAWL_RETRY_MAX_ATTEMPTS: count.default(8),
  PAWL_BREAKER_FAILURES: count.default(5),
  PAWL_BATCH_FIRST_LOOK_MS: millis.default(15_000),
  PAWL_HISTORY_MAX_EVENTS: count.default(2000),
  PAWL_HISTORY_MAX_BYTES: count.default(2_000_000),

  PAWL_TENANT: z.string().min(1).max(64).default("local"),
  PAWL_SESSION: z.string().min(1).max(64).default("local"),
  PAWL_TASK_QUEUE: z.string().min(1).default(QUEUE_DEFAULT),
  PAWL_STATE_DIR: z.string().min(1).default(".pawl"),
  PAWL_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  PAWL_LOG_FILE: z.string().optional(),
  PAWL_ENABLE_TRACING: flag.default(false),
  PAWL_GATEWAY_URL: z.string().optional(),
  PAWL_GATEWAY_REQUESTS_PER_MINUTE: count.default(1200),
  PAWL_GATEWAY_REQUIRE_KEY: flag.default(false),
  PAWL_STACK_IDLE_MINUTES: z.coerce.number().positive().default(15),
});

export type Config = Readonly<z.output<typeof ENV_SCHEMA>>;

export type SharedCaps = Pick<
  Config,
  | "PAWL_SESSION_CAP_USD"
  | "PAWL_TENANT_DAY_CAP_USD"
  | "PAWL_TENANT_MONTH_CAP_USD"
  | "PAWL_GLOBAL_DAY_CAP_USD"
>;

/** What the environment says of the shared caps; null where it says nothing. */
export function capsByScope(caps: SharedCaps): CapByScope {
  return {
    session: caps.PAWL_SESSION_CAP_USD ?? null,
    tenant_day: caps.PAWL_TENANT_DAY_CAP_USD,
    tenant_month: caps.PAWL_TENANT_MONTH_CAP_USD ?? null,
    global_day: caps.PAWL_GLOBAL_DAY_CAP_USD ?? null,
  };
}

const SECRETS = ["ANTHROPIC_API_KEY", "DATABASE_URL", "PAWL_WEBHOOK_SECRET"] as const;

/** Throws PawlError CONFIG that names every variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = ENV_SCHEMA.safeParse(withSecretFiles(withoutEmpty(env)));
  if (parsed.success) return Object.freeze(parsed.data);
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new PawlError("CONFIG", `The environment is not usable. ${issues.join("; ")}`);
}

/** An empty variable counts as one that is not set, as in compose files. */
function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

/** `NAME_FILE` names a file that holds the secret, as Docker and Kubernetes mount them. */
function withSecretFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const secrets = SECRETS.flatMap((name) => {
    const path = env[`${name}_FILE`];
    return path === undefined ? [] : [[name, readSecret(name, path)] as const];
  });
  return { ...env, ...Object.fromEntries(secrets) };
}

function readSecret(name: string, path: string): string {
  let secret: string;
  try {
    secret = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new PawlError("CONFIG", `${name}_FILE names ${path}, which can't be read.`, {
      cause: error,
    });
  }
  if (secret !== "") return secret;
  throw new PawlError("CONFIG", `${name}_FILE names ${path}, which is empty.`);
}
