// What a tool throws when it knows what went wrong. Whatever else it throws is told to the model too,
// but without good advice.

import { thrownText } from "./thrown-text.ts";

export interface ToolErrorOptions extends ErrorOptions {
  /** What the model could do instead, as an instruction. */
  readonly suggestion?: string;
  /** The same call may well succeed in a moment: it is retried before the model hears of it. */
  readonly retryable?: boolean;
  /** `unknown`: the call may have taken effect all the same, and would have to be undone with the run. */
  readonly effect?: "none" | "unknown";
}

export class ToolError extends Error {
  readonly suggestion: string | undefined;
  readonly retryable: boolean;
  readonly effect: "none" | "unknown";

  constructor(
    message: string,
    { suggestion, retryable = false, effect = "none", ...options }: ToolErrorOptions = {},
  ) {
    super(message, options);
    this.name = "ToolError";
    this.suggestion = suggestion;
    this.retryable = retryable;
    this.effect = effect;
  }
}

/** As a tool said it. Works across realms, where `instanceof` does not; null of whatever else was thrown. */
export function toolErrorOf(
  thrown: unknown,
): Pick<ToolError, "message" | "suggestion" | "retryable" | "effect"> | null {
  // What is thrown is foreign: a getter or a proxy may throw in turn, and then nothing can be relied on.
  try {
    if (!(thrown instanceof Error) || thrown.name !== "ToolError" || !("retryable" in thrown)) {
      return null;
    }
    const suggestion: unknown = Reflect.get(thrown, "suggestion");
    return {
      message: thrownText(thrown),
      suggestion: typeof suggestion === "string" ? suggestion : undefined,
      retryable: thrown.retryable === true,
      effect: Reflect.get(thrown, "effect") === "unknown" ? "unknown" : "none",
    };
  } catch {
    return null;
  }
}
