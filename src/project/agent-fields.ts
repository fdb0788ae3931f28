// The fields of an agent as people write them, in YAML (`max_cost_usd`) and in code (`maxCostUsd`): one table, one
// check, and for each field what would be right. Dollars and durations become the domain's units here.

import { z } from "zod";
import type { AgentDefinition } from "../../activities/agents.ts";
import type { Rule } from "../domain/approval.ts";
import { durationIn } from "../domain/duration.ts";
import { ON_FAILURE, type OnFailure } from "../domain/effect.ts";
import type { CallerLimits } from "../domain/limits.ts";
import { TIER_NAMES } from "../domain/model-table.ts";
import { microUsdOf } from "../domain/money.ts";
import { PERMISSIONS, type Permission } from "../domain/permission.ts";
import { present } from "../domain/present.ts";
import type { Tier } from "../domain/prices.ts";
import { POLICIES, type Policy } from "../domain/run/snapshot.ts";
import type { Path } from "./mistake.ts";

/** What `defineAgent` takes. */
export interface AgentFields {
  readonly name: string;
  /** For people. */
  readonly description?: string;
  /** What the model is told to be and to do. */
  readonly instructions: string;
  /** Names of tools, or patterns such as `github__*`. */
  readonly tools?: readonly string[];
  /** The class of model, for callers who name none; or `model`. */
  readonly tier?: Tier;
  readonly model?: string;
  /** By tool: allow, ask or deny. */
  readonly policy?: Readonly<Record<string, Rule>>;
  /** Tools above it are not offered. */
  readonly permission?: Permission;
  readonly routing?: Policy;
  /** Models or tiers that stand in, for all or by tier. */
  readonly fallbacks?: readonly string[] | Readonly<Partial<Record<Tier, readonly string[]>>>;
  readonly limits?: AgentLimits;
  /** What becomes of what its tools did, where a run fails or is cancelled. */
  readonly onFailure?: OnFailure;
}

/** Of each run; they can only lower what the operator allows. */
export interface AgentLimits {
  readonly maxCostUsd?: number;
  readonly maxCalls?: number;
  readonly maxTokens?: number;
  readonly maxReplyTokens?: number;
  readonly maxToolCalls?: number;
  /** Wall clock: `120s`, `5m`, or seconds. */
  readonly timeout?: string | number;
}

export interface FieldMistake {
  readonly path: Path;
  readonly what: string;
  readonly remedy: string;
}

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, `It is one of ${words.join(", ")}.`);

const COUNT = "It is a whole number above 0.";
const count = z.int(COUNT).positive(COUNT);
const DOLLARS = "It is a number of dollars from 0.000001 to 1000000, such as 0.50.";
const DURATION = "It is a duration such as 120s, 5m or 1h.";
const TOOLS = 'It is a list of names of tools, such as [calculator, "github__*"].';
const MODELS = "It is a list of models or tiers, or such a list by tier.";
const POLICY = "It says allow, ask or deny by the names of tools, such as write_file: ask.";
const WORDS = "It is a text.";

const models = z.array(z.string(MODELS), MODELS);

const LIMITS = z.object(
  {
    maxCostUsd: z.number(DOLLARS).min(0.000001, DOLLARS).max(1_000_000, DOLLARS).optional(),
    maxCalls: count.optional(),
    maxTokens: count.optional(),
    maxReplyTokens: count.optional(),
    maxToolCalls: count.optional(),
    timeout: z
      .union([z.string(), z.number()], DURATION)
      .transform((said) => durationIn(String(said)))
      .refine((ms) => ms !== null, DURATION)
      .optional(),
  },
  "It holds limits, such as max_cost_usd: 0.50.",
);

const FIELDS = z.object({
  name: z
    .string(WORDS)
    .regex(/^[\w.-]{1,64}$/, "A name has at most 64 letters, digits, dots, - and _.")
    .optional(),
  description: z.string(WORDS).optional(),
  instructions: z
    .string("It is a text: what the model is told to be and to do.")
    .refine((text) => text.trim() !== "", "Say what the model is to be and to do."),
  tools: z
    .array(
      z.string(TOOLS).regex(/^[\w*-]{1,64}$/, "A tool is named by letters, digits, - and _."),
      TOOLS,
    )
    .default([]),
  tier: oneOf(TIER_NAMES).optional(),
  model: z.string("It is the name of a model.").min(1, "It is the name of a model.").optional(),
  policy: z.record(z.string(), oneOf(["allow", "ask", "deny"]), POLICY).optional(),
  permission: oneOf(PERMISSIONS).optional(),
  routing: oneOf(POLICIES).optional(),
  fallbacks: z
    .unknown()
    .refine((said) => said === undefined || FALLBACKS.safeParse(said).success, MODELS)
    .transform((said) => FALLBACKS.optional().parse(said))
    .optional(),
  limits: LIMITS.optional(),
  onFailure: oneOf(ON_FAILURE).optional(),
});

const FALLBACKS = z.union([models, z.partialRecord(z.enum(TIER_NAMES), models)]);

export const FIELD_NAMES: readonly string[] = Object.keys(FIELDS.shape);
export const LIMIT_NAMES: readonly string[] = Object.keys(LIMITS.shape);

export type Parsed =
  | { readonly kind: "agent"; readonly definition: AgentDefinition }
  | { readonly kind: "wrong"; readonly mistakes: readonly FieldMistake[] };

/** Of fields that are all known ones; `name` where they say none. */
export function agentIn(fields: Readonly<Record<string, unknown>>, name: string): Parsed {
  const parsed = FIELDS.safeParse(fields);
  const both =
    fields["tier"] !== undefined && fields["model"] !== undefined ? [TIER_AND_MODEL] : [];
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => ({
      path: path.map((step) => (typeof step === "symbol" ? String(step) : step)),
      what: `${path.map(String).join(".")} ${saidAt(fields, path)}.`,
      remedy: message,
    }));
    return { kind: "wrong", mistakes: [...mistakes, ...both] };
  }
  if (both.length > 0) return { kind: "wrong", mistakes: both };
  const { limits, fallbacks, ...others } = parsed.data;
  return {
    kind: "agent",
    definition: {
      ...present(others),
      name: others.name ?? name,
      instructions: others.instructions.trim(),
      tools: others.tools,
      ...present({ fallbacks, limits: limits && limitsOf(limits) }),
    },
  };
}

const TIER_AND_MODEL: FieldMistake = {
  path: ["model"],
  what: "It names a tier and a model.",
  remedy: "Keep one of them: a tier is a class of model, and a model is one.",
};

function limitsOf(limits: z.output<typeof LIMITS>): CallerLimits {
  const { maxCostUsd, maxCalls, maxTokens, maxReplyTokens, maxToolCalls, timeout } = limits;
  return present({
    costMicroUsd: maxCostUsd === undefined ? undefined : microUsdOf(maxCostUsd),
    modelCalls: maxCalls,
    tokens: maxTokens,
    replyTokens: maxReplyTokens,
    toolCalls: maxToolCalls,
    wallClockMs: timeout ?? undefined,
  });
}

const SHOWN_CHARS = 60;

/** What stands there now. */
function saidAt(fields: unknown, path: readonly PropertyKey[]): string {
  let value: unknown = fields;
  for (const step of path) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
  }
  if (value === undefined || value === null) return "is missing";
  if (Array.isArray(value)) return "is a list";
  if (typeof value === "object") return "is a record of fields";
  if (typeof value === "function") return "is a function";
  const shown = JSON.stringify(value) ?? typeof value;
  return `is ${shown.length > SHOWN_CHARS ? `${shown.slice(0, SHOWN_CHARS)}…` : shown}`;
}
