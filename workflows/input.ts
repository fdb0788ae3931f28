// What a workflow is started with, parsed before anything else: whoever may start workflows may send anything.
// What can't be used ends it at once, for good, and costs nothing.

import { ApplicationFailure, workflowInfo } from "@temporalio/workflow";
import type { ErrorCode } from "../src/domain/errors.ts";
import type { Beginning } from "../src/domain/run/parse-order.ts";
import type { Parsed } from "../src/domain/run/parse-value.ts";

const INVALID_INPUT: ErrorCode = "INVALID_INPUT";

export function usableInput<T>(
  given: unknown,
  parse: (given: unknown, beginning: Beginning) => Parsed<T>,
): T {
  const { continuedFromExecutionRunId: continuedFrom = "", cronSchedule = "" } = workflowInfo();
  const input = parse(given, { continuedFrom, cronSchedule });
  if ("value" in input) return input.value;
  throw invalidInput(`It was not started as Pawl starts it: ${input.problem}.`);
}

/** Nobody can mend what it was started with, so it ends, and does not fail its task for ever. */
export function invalidInput(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: INVALID_INPUT, message, nonRetryable: true });
}
