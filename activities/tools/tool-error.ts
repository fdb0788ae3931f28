// What a tool throws when it knows what went wrong. Whatever else it throws is told to the model too,
// but without good advice.

export interface ToolErrorOptions extends ErrorOptions {
  /** What the model could do instead, as an instruction. */
  readonly suggestion?: string;
  /** The same call may well succeed in a moment: it is retried before the model hears of it. */
  readonly retryable?: boolean;
}

export class ToolError extends Error {
  readonly suggestion: string | undefined;
  readonly retryable: boolean;

  constructor(
    message: string,
    { suggestion, retryable = false, ...options }: ToolErrorOptions = {},
  ) {
    super(message, options);
    this.name = "ToolError";
    this.suggestion = suggestion;
    this.retryable = retryable;
  }
}

/** Works across realms, where `instanceof` does not. */
export function isToolError(error: unknown): error is ToolError {
  return error instanceof Error && error.name === "ToolError" && "retryable" in error;
}
