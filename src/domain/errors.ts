// The catalogue: every error Pawl can end or hold a run with, and what happens next.
// Retry policies, CLI exit codes and HTTP statuses are read from here and decided nowhere else.

type Fate = "retry" | "fail" | "park" | "correct";

export interface CatalogueEntry {
  /** `retry`: again with back-off; `fail`: the run fails; `park`: the run waits or stops, as its
   * caller asked; `correct`: the model is told and tries again, a bounded number of times. */
  readonly fate: Fate;
  readonly next: string;
  readonly httpStatus: number;
  readonly exitCode: number;
}

const retry = (next: string, httpStatus = 503): CatalogueEntry => ({
  fate: "retry",
  next,
  httpStatus,
  exitCode: 1,
});
const fail = (next: string, httpStatus = 502): CatalogueEntry => ({
  fate: "fail",
  next,
  httpStatus,
  exitCode: 1,
});

export const CATALOGUE = {
  PROVIDER_OVERLOADED: retry("retried with back-off; the lost attempt is not billed"),
  PROVIDER_RATE_LIMITED: retry("retried when the provider's retry-after has passed", 429),
  PROVIDER_UNAVAILABLE: retry("retried with back-off"),
  PROVIDER_UNREACHABLE: retry("retried with back-off; check the network and ANTHROPIC_BASE_URL"),
  PROVIDER_STREAM_CUT: retry("retried; the lost attempt is charged at its worst case"),
  PROVIDER_TIMEOUT: retry("retried; the lost attempt is charged at its worst case", 504),
  PROVIDER_STREAM_INVALID: retry("retried; the lost attempt is charged at its worst case"),
  PROVIDER_AUTH: fail("check ANTHROPIC_API_KEY of the worker, then start the run again", 401),
  PROVIDER_REJECTED: fail("change what the provider objects to, then start the run again"),
  PROMPT_TOO_LONG: fail(
    "the run sums its conversation up, or stops; a model with a larger window holds more",
    422,
  ),
  IMAGE_TOO_LARGE: fail("scale the images down or leave them out, then start the run again", 422),
  PROVIDER_SPEND_LIMIT: {
    fate: "park",
    next: "raise the spend limit with the provider, then start the run again; with --on-limit pause a run waits for `pawl resume`",
    httpStatus: 402,
    exitCode: 3,
  },
  UNKNOWN_MODEL: fail(
    "name one of these, or a tier: simple, medium, complex; models of others and their prices go into the file that PAWL_MODELS_FILE names (docs/models.md)",
    422,
  ),
  MODEL_RETIRED: fail(
    "take another: --model, PAWL_AGENT_MODEL, or name stand-ins in PAWL_FALLBACK_MODELS",
    422,
  ),
  UNKNOWN_AGENT: fail("use one of those, or mend yours: `pawl agents` says what is wrong", 422),
  AGENT_TOO_LARGE: fail("shorten what the agent is told, or give it fewer tools", 422),
  UNKNOWN_STOP_REASON: fail("the run ends with what it has; a newer Pawl may know this reason"),
  EMPTY_REPLY: fail("start the run again, or say more in the task"),
  TOOL_INPUT_INVALID: {
    fate: "correct",
    next: "the model is told what was wrong and calls again",
    httpStatus: 422,
    exitCode: 1,
  },
  REPLY_TOO_LARGE: fail("ask for shorter replies: --max-reply-tokens"),
  TASK_TOO_LARGE: fail("shorten the task", 413),
  INPUT_REJECTED: {
    fate: "fail",
    next: "take that out; an operator sets the rules with PAWL_INPUT_RULES and PAWL_INPUT_PATTERNS_FILE",
    httpStatus: 422,
    exitCode: 2,
  },
  COMPENSATION_FAILED: fail("undo it by hand, or mend the tool and try again: `pawl undo RUN`"),
  TRANSCRIPT_MISSING: retry("rebuilt from the run's history"),
  LEDGER_UNAVAILABLE: retry("no call is made without the ledger; retried when Postgres answers"),
  DATABASE_REFUSED: retry(
    "name a primary in DATABASE_URL, and grant its role what docs/database.md says; retried until then",
  ),
  DATABASE_LOGIN: {
    fate: "retry",
    next: "mend the user, the password or the name of the database in DATABASE_URL",
    httpStatus: 503,
    exitCode: 6,
  },
  DATABASE_TLS: {
    fate: "retry",
    next: "mend sslmode, sslrootcert, sslcert or sslkey in DATABASE_URL; see docs/database.md",
    httpStatus: 503,
    exitCode: 6,
  },
  PROVIDER_DIFFERS: retry(
    "start a worker with the provider that the run began with, or name that in PAWL_FORMER_BASE_URLS; see docs/models.md",
  ),
  WORKER_FAULT: retry(
    "a fault of ours: retried; the run's history and the worker's log have the details",
    500,
  ),
  ATTEMPTS_EXHAUSTED: fail("the last error is in the message; start the run again", 503),
  IDEMPOTENCY_MISMATCH: {
    fate: "fail",
    next: "use a new key, or send the same task",
    httpStatus: 409,
    exitCode: 2,
  },
  UNKNOWN_TENANT: {
    fate: "fail",
    next: "see `pawl tenants ls`; who is to have runs is registered first: `pawl tenants add NAME`",
    httpStatus: 422,
    exitCode: 2,
  },
  RUN_NOT_FOUND: { fate: "fail", next: "see `pawl ls`", httpStatus: 404, exitCode: 2 },
  RUN_ENDED: {
    fate: "fail",
    next: "see what it came to: `pawl show`",
    httpStatus: 409,
    exitCode: 2,
  },
  RUN_UNDER_WAY: {
    fate: "fail",
    next: "cancel it, which undoes what it did: `pawl cancel RUN`",
    httpStatus: 409,
    exitCode: 2,
  },
  NOTHING_TO_UNDO: {
    fate: "fail",
    next: "see what it did: `pawl show RUN`",
    httpStatus: 409,
    exitCode: 3,
  },
  INVALID_INPUT: {
    fate: "fail",
    next: "start and steer runs by `pawl`, the HTTP interface or the client",
    httpStatus: 422,
    exitCode: 2,
  },
  NOTHING_CHANGED: {
    fate: "fail",
    next: "see what it waits for: `pawl show`",
    httpStatus: 409,
    exitCode: 3,
  },
  APPROVAL_NOT_FOUND: {
    fate: "fail",
    next: "see which calls wait: `pawl approvals`",
    httpStatus: 404,
    exitCode: 2,
  },
  APPROVAL_DECIDED: {
    fate: "fail",
    next: "the first decision stands; see `pawl attach`",
    httpStatus: 409,
    exitCode: 2,
  },
  APPROVAL_EXPIRED: {
    fate: "fail",
    next: "silence was taken for a denial; the model may ask again",
    httpStatus: 410,
    exitCode: 2,
  },
  APPROVAL_MISMATCH: {
    fate: "fail",
    next: "read the arguments again, and decide on what they are now",
    httpStatus: 409,
    exitCode: 2,
  },
  INBOX_FULL: {
    fate: "fail",
    next: "the run has not heard the earlier messages yet; try again later",
    httpStatus: 429,
    exitCode: 1,
  },
  UNAUTHENTICATED: {
    fate: "fail",
    next: "send `Authorization: Bearer pawl_…`; keys are made with `pawl keys create`",
    httpStatus: 401,
    exitCode: 2,
  },
  FORBIDDEN: {
    fate: "fail",
    next: "use a key that has the scope",
    httpStatus: 403,
    exitCode: 2,
  },
  NOT_FOUND: {
    fate: "fail",
    next: "see openapi.json of this gateway",
    httpStatus: 404,
    exitCode: 2,
  },
  METHOD_NOT_ALLOWED: {
    fate: "fail",
    next: "see openapi.json of this gateway",
    httpStatus: 405,
    exitCode: 2,
  },
  REQUEST_TOO_LARGE: { fate: "fail", next: "send less", httpStatus: 413, exitCode: 2 },
  UNSUPPORTED_MEDIA_TYPE: {
    fate: "fail",
    next: "send JSON, with `Content-Type: application/json`",
    httpStatus: 415,
    exitCode: 2,
  },
  RATE_LIMITED: {
    fate: "fail",
    next: "wait as long as Retry-After says",
    httpStatus: 429,
    exitCode: 1,
  },
  TOO_MANY_STREAMS: {
    fate: "fail",
    next: "close one, or ask `…/result` instead; an operator sets PAWL_GATEWAY_STREAMS_PER_KEY and …_PER_TENANT",
    httpStatus: 429,
    exitCode: 1,
  },
  INTERNAL: {
    fate: "fail",
    next: "a fault of ours: the log has the details under the request id",
    httpStatus: 500,
    exitCode: 1,
  },
  USAGE: { fate: "fail", next: "see `pawl --help`", httpStatus: 400, exitCode: 2 },
  FILE_UNUSABLE: {
    fate: "fail",
    next: "check the path and its permissions",
    httpStatus: 500,
    exitCode: 2,
  },
  CONFIG: {
    fate: "fail",
    next: "mend the setting; see .env.example",
    httpStatus: 500,
    exitCode: 2,
  },
  BACKEND_UNREACHABLE: {
    fate: "fail",
    next: "check TEMPORAL_ADDRESS and DATABASE_URL; `pawl doctor` looks for you",
    httpStatus: 503,
    exitCode: 6,
  },
  TEMPORAL_LOGIN: {
    fate: "fail",
    next: "see docs/security.md, Temporal with a login; `pawl doctor` says whether it is let in",
    httpStatus: 503,
    exitCode: 6,
  },
  NAMESPACE_NOT_FOUND: {
    fate: "fail",
    next: "mend TEMPORAL_NAMESPACE or TEMPORAL_ADDRESS, or make it: temporal operator namespace create --namespace NAME",
    httpStatus: 503,
    exitCode: 2,
  },
  SCHEMA_BEHIND: {
    fate: "fail",
    next: "run `pawl migrate` as the owner of the schema, or start a worker that may: docs/database.md",
    httpStatus: 503,
    exitCode: 6,
  },
  SCHEMA_FOREIGN: {
    fate: "fail",
    next: "use the Pawl that made it, or a newer one; see docs/database.md",
    httpStatus: 503,
    exitCode: 6,
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof CATALOGUE;

/** Codes that no retry can help: `nonRetryableErrorTypes` of every retry policy. */
export const FINAL_CODES: readonly ErrorCode[] = Object.keys(CATALOGUE)
  .filter(isErrorCode)
  .filter((code) => CATALOGUE[code].fate !== "retry");

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CATALOGUE, code);
}

/** An error with a code from the catalogue. Say what happened, with ids; the catalogue says what next. */
export class PawlError extends Error {
  readonly code: ErrorCode;
  /** Where what helps is more than the catalogue knows. */
  readonly next: string | null;

  constructor(code: ErrorCode, message: string, options: PawlErrorOptions = {}) {
    super(message, options);
    this.name = "PawlError";
    this.code = code;
    this.next = options.next ?? null;
  }
}

export interface PawlErrorOptions extends ErrorOptions {
  readonly next?: string;
}

/** Works across realms (jest, the workflow sandbox), where `instanceof` does not. */
export function isPawlError(error: unknown): error is PawlError {
  return error instanceof Error && error.name === "PawlError" && "code" in error;
}
