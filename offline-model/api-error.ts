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
  readonly headers?: Readonly<Record<string, string>>;
}

export class ApiError extends Error {
  readonly status: number;
  readonly type: ErrorType;
  readonly errorCode: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, type: ErrorType, message: string, options: ApiErrorOptions = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.type = type;
    this.errorCode = options.errorCode;
    this.headers = options.headers ?? {};
  }
}

export function invalidRequest(message: string): ApiError {
  return new ApiError(400, "invalid_request_error", message);
}

export function errorBody(error: ApiError, requestId: string): object {
  const { type, message, errorCode } = error;
  const details = errorCode === undefined ? {} : { details: { error_code: errorCode } };
  return { type: "error", error: { type, message, ...details }, request_id: requestId };
}
