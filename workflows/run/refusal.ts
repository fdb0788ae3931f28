// What an update of a run that does not count fails with, in a code of the catalogue.

import { ApplicationFailure } from "@temporalio/workflow";
import type { ErrorCode } from "../../src/domain/errors.ts";

export function refusal(type: ErrorCode, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}
