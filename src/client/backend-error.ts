// What a failed request to Temporal means for the one who made it.

import { isGrpcServiceError } from "@temporalio/client";
import { loginFault, namespaceFault } from "../domain/environment-fault.ts";
import { isPawlError, PawlError } from "../domain/errors.ts";

/** gRPC's numbers, as far as they are told apart here. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

const FINAL: readonly number[] = [
  INVALID_ARGUMENT,
  NOT_FOUND,
  PERMISSION_DENIED,
  UNIMPLEMENTED,
  UNAUTHENTICATED,
];

export function isNotFound(error: unknown): boolean {
  return grpcCodeOf(error) === NOT_FOUND || nameOf(error) === "WorkflowNotFoundError";
}

/** The same request may succeed later. */
export function isPassing(error: unknown): boolean {
  const code = grpcCodeOf(error);
  return code !== null && !FINAL.includes(code);
}

/** As a PawlError where the reason is known; broken invariants of ours stay what they are. */
export function backendError(error: unknown, runId?: string): unknown {
  if (isPawlError(error)) return error;
  const fault = error instanceof Error ? faultIn(error) : null;
  if (fault !== null) return fault;
  // An id that Temporal can't take, such as an empty one, is nobody's.
  if (runId !== undefined && (isNotFound(error) || grpcCodeOf(error) === INVALID_ARGUMENT)) {
    return new PawlError("RUN_NOT_FOUND", `There is no run ${runId}.`, { cause: error });
  }
  const code = grpcCodeOf(error);
  if (code === null) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new PawlError("BACKEND_UNREACHABLE", `Temporal did not do as asked: ${detail}`, {
    cause: error,
  });
}

function faultIn(error: Error): PawlError | null {
  const { cause } = error;
  return loginFault(error) ?? (isObject(cause) ? loginFault(cause) : null) ?? namespaceFault(error);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The SDK wraps some errors of gRPC, and keeps them as the cause. */
export function grpcCodeOf(error: unknown): number | null {
  if (isGrpcServiceError(error)) return error.code;
  const cause = error instanceof Error ? error.cause : undefined;
  return isGrpcServiceError(cause) ? cause.code : null;
}

/** Not of the run: the client has a name of its own for it, and its raw answer only a text. */

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
