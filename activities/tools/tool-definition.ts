// Mistakes in a tool's definition, found when the worker starts and not when a model calls it.

import type { Effect, Permission } from "../../src/domain/tool.ts";

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
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const PERMISSIONS: readonly string[] = ["read", "write", "execute", "admin"];
const EFFECTS: readonly string[] = ["pure", "idempotent", "verifiable", "once"];
/** The workflow task that an inline tool runs in lasts 10 s. */
const INLINE_TIMEOUT_MS_MAX = 5000;

export function assertDefinable(definition: Checked): void {
  const mistakes = [
    ...(NAME.test(definition.name) ? [] : ["the name must match ^[a-zA-Z0-9_-]{1,64}$"]),
    ...(definition.description.trim() === ""
      ? ["the description is empty: the model reads nothing else"]
      : []),
    ...kindMistakes(definition),
    ...limitMistakes(definition),
    ...effectMistakes(definition),
  ];
  if (mistakes.length > 0) {
    throw new Error(`tool "${definition.name}" can't be defined: ${mistakes.join("; ")}`);
  }
}

// Tools may come from plain JavaScript, where no compiler has looked at them.
function kindMistakes({ permission, effect, input }: Checked): string[] {
  const isObject =
    typeof input === "object" && input !== null && "shape" in input && "safeParse" in input;
  return [
    ...(isObject ? [] : ["the input must be a z.object(…): the API takes nothing else"]),
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

function effectMistakes({ effect, attemptsMax, inline, verify }: Checked): string[] {
  return [
    ...(inline === true && effect !== "pure" ? ["only a pure tool can be inline"] : []),
    ...(effect === "once" && attemptsMax !== undefined && attemptsMax !== 1
      ? ["a once tool has exactly one attempt"]
      : []),
    ...(effect === "verifiable" && verify === undefined ? ["a verifiable tool needs verify"] : []),
    ...(effect !== "verifiable" && verify !== undefined
      ? ["verify is for tools whose effect is verifiable"]
      : []),
  ];
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
