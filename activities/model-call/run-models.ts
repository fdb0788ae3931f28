// The models of a run: those of this worker, and before them those that the run was pinned to when it began. A file
// that was edited since, or that this worker has not got, changes no price of a run under way.

import { overlaid, specOf, type ModelTable } from "../../src/domain/model-table.ts";
import type { ModelSpec } from "../../src/domain/prices.ts";
import type { CallAttempt, PreparedCall } from "./call-attempt.ts";

type OfRun = Pick<CallAttempt, "deps"> & Pick<PreparedCall, "conversation">;

export function modelsOf({ deps: { config }, conversation: { snapshot } }: OfRun): ModelTable {
  const { table } = config.models;
  return snapshot.models === undefined ? table : overlaid(table, { models: snapshot.models });
}

/** Of the model that is asked. */
export function specOfCall(at: OfRun & Pick<PreparedCall, "request">): ModelSpec {
  return specOf(modelsOf(at), at.request.model);
}
