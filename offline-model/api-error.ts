// Errors as the Messages API answers them: a status and one JSON shape, in bodies and in streams.

export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "billing_error"
  | "permission_error"
  | "not_found_error"
  | "request_too_large"
  | "rate_limit_error"
  | "timeout_error"
  | "api_error"
  | "overloaded_error";

export interface ApiErrorOptions {
  readonly errorCode?: string;
  /** What some error codes say besides. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ApiError extends Error {
  readonly status: number;
  readonly type: ErrorType;
  readonly errorCode: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, type: ErrorType, message: string, options: ApiErrorOptions = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.type = type;
    this.errorCode = options.errorCode;
    this.details = options.details ?? {};
    this.headers = options.headers ?? {};
  }
}

export function invalidRequest(message: string): ApiError {
  return new ApiError(400, "invalid_request_error", message);
}

export function errorBody(error: ApiError, requestId: string): object {
  const { type, message, errorCode } = error;
  const coded = errorCode === undefined ? {} : codeOf(errorCode, error.details);
  return { type: "error", error: { type, message, ...coded }, request_id: requestId };
}

function codeOf(errorCode: string, rest: Readonly<Record<string, unknown>>): object {
  return { details: { error_code: errorCode, ...rest } };
}
