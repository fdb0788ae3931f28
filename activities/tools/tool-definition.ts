// Mistakes in a tool's definition, found when the worker starts and not when a model calls it.

import { z } from "zod";
import { PERMISSIONS, type Permission } from "../../src/domain/permission.ts";
import type { Effect, ToolSpec } from "../../src/domain/tool.ts";
import { badPropertyKeys, PROPERTY_KEY } from "../../src/domain/tool-schema.ts";

interface Checked {
  readonly name: string;
  readonly description: string;
  readonly input: unknown;
  readonly permission: Permission;
  readonly effect: Effect;
  readonly timeoutMs?: number;
  readonly attemptsMax?: number;
  readonly inline?: boolean;
  readonly verify?: unknown;
  readonly compensate?: unknown;
  readonly questions?: unknown;
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const EFFECTS: readonly string[] = ["pure", "idempotent", "verifiable", "once"];
/** The workflow task that an inline tool runs in lasts 10 s. */
const INLINE_TIMEOUT_MS_MAX = 5000;

/** The schema of its arguments. Throws with all that is wrong. */
export function definable(definition: Checked): ToolSpec["inputSchema"] {
  const { schema, mistake } = schemaOf(definition);
  const mistakes = [
    ...(NAME.test(definition.name) ? [] : ["the name must match ^[a-zA-Z0-9_-]{1,64}$"]),
    ...(definition.description.trim() === ""
      ? ["the description is empty: the model reads nothing else"]
      : []),
    ...kindMistakes(definition),
    ...limitMistakes(definition),
    ...inlineMistakes(definition),
    ...effectMistakes(definition),
    ...keyMistakes(schema),
    ...(mistake === null ? [] : [mistake]),
  ];
  if (mistakes.length === 0) return schema;
  throw new Error(`tool "${definition.name}" can't be defined: ${mistakes.join("; ")}`);
}

interface Said {
  readonly schema: ToolSpec["inputSchema"];
  readonly mistake: string | null;
}

/** JSON Schema 2020-12 as the API takes it: no `$schema`, and objects closed unless declared open. */
function schemaOf({ input }: Checked): Said {
  // What is no object of zod's is told as that.
  if (!isZodObject(input)) return { schema: {}, mistake: null };
  try {
    const { $schema: _, ...schema } = z.toJSONSchema(input, {
      io: "input",
      override: ({ jsonSchema }) => {
        if (jsonSchema.type === "object" && jsonSchema.properties !== undefined) {
          jsonSchema.additionalProperties ??= false;
        }
        // Zod's bounds for "an integer": tokens that tell the model nothing.
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      },
    });
    return { schema, mistake: null };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { schema: {}, mistake: `its input can't be said in JSON Schema: ${reason}` };
  }
}

const KEYS_NAMED_MAX = 20;

function keyMistakes(schema: ToolSpec["inputSchema"]): string[] {
  const bad = badPropertyKeys(schema);
  if (bad.length === 0) return [];
  const named = bad.slice(0, KEYS_NAMED_MAX).map((key) => JSON.stringify(key));
  const more = bad.length > KEYS_NAMED_MAX ? ` and ${bad.length - KEYS_NAMED_MAX} more` : "";
  const are = `${named.join(", ")}${more}`;
  return [`names of arguments must match ${PROPERTY_KEY.source}, or the API refuses it: ${are}`];
}

// Tools may come from plain JavaScript, where no compiler has looked at them.
function kindMistakes({ permission, effect, input }: Checked): string[] {
  return [
    ...(isZodObject(input) ? [] : ["the input must be a z.object(…): the API takes nothing else"]),
    ...(PERMISSIONS.includes(permission) ? [] : [`permission is one of ${PERMISSIONS.join(", ")}`]),
    ...(EFFECTS.includes(effect) ? [] : [`effect is one of ${EFFECTS.join(", ")}`]),
  ];
}

function limitMistakes({ timeoutMs, attemptsMax, inline }: Checked): string[] {
  return [
    ...(timeoutMs === undefined || isCount(timeoutMs)
      ? []
      : ["timeoutMs must be a whole number above 0"]),
    ...(attemptsMax === undefined || isCount(attemptsMax)
      ? []
      : ["attemptsMax must be a whole number above 0"]),
    ...(inline === true && timeoutMs !== undefined && timeoutMs > INLINE_TIMEOUT_MS_MAX
      ? [`an inline tool has at most ${INLINE_TIMEOUT_MS_MAX} ms`]
      : []),
  ];
}

function inlineMistakes({ effect, inline, questions }: Checked): string[] {
  const isFunction = questions === undefined || typeof questions === "function";
  return [
    ...(inline === true && effect !== "pure" ? ["only a pure tool can be inline"] : []),
    ...(inline === true && questions !== undefined ? ["an inline tool can't ask a person"] : []),
    ...(isFunction ? [] : ["questions is a function"]),
  ];
}

function effectMistakes({ effect, attemptsMax, verify, compensate }: Checked): string[] {
  return [
    ...(effect === "once" && attemptsMax !== undefined && attemptsMax !== 1
      ? ["a once tool has exactly one attempt"]
      : []),
    ...(effect === "verifiable" && verify === undefined ? ["a verifiable tool needs verify"] : []),
    ...(effect !== "verifiable" && verify !== undefined
      ? ["verify is for tools whose effect is verifiable"]
      : []),
    ...(effect === "pure" && compensate !== undefined
      ? ["a pure tool has nothing to compensate"]
      : []),
    ...(compensate === undefined || typeof compensate === "function"
      ? []
      : ["compensate is a function"]),
  ];
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function isZodObject(input: unknown): input is z.ZodObject {
  return typeof input === "object" && input !== null && "shape" in input && "safeParse" in input;
}
