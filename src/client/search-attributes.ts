// The columns by which runs are listed and filtered. They must exist on the namespace before the
// first run starts: a worker sees to that, or a client that comes before any worker. On a server
// where we may not add them, an admin is told what to run.

import type { OperatorService } from "@temporalio/client";
import proto from "@temporalio/proto";
import { PawlError } from "../domain/errors.ts";

const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_DOUBLE, INDEXED_VALUE_TYPE_INT } =
  proto.temporal.api.enums.v1.IndexedValueType;

const ATTRIBUTES = {
  PawlAgent: { type: INDEXED_VALUE_TYPE_KEYWORD, word: "Keyword" },
  PawlTenant: { type: INDEXED_VALUE_TYPE_KEYWORD, word: "Keyword" },
  PawlSession: { type: INDEXED_VALUE_TYPE_KEYWORD, word: "Keyword" },
  PawlStatus: { type: INDEXED_VALUE_TYPE_KEYWORD, word: "Keyword" },
  PawlOutcome: { type: INDEXED_VALUE_TYPE_KEYWORD, word: "Keyword" },
  PawlCostUsd: { type: INDEXED_VALUE_TYPE_DOUBLE, word: "Double" },
  PawlTurns: { type: INDEXED_VALUE_TYPE_INT, word: "Int" },
} as const;

/** Throws PawlError CONFIG with the command for an admin. */
export async function ensureSearchAttributes(
  operator: OperatorService,
  namespace: string,
): Promise<void> {
  const { customAttributes } = await operator.listSearchAttributes({ namespace });
  const absent = Object.entries(ATTRIBUTES).filter(([name]) => !(name in customAttributes));
  if (absent.length === 0) return;
  try {
    await operator.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(absent.map(([name, { type }]) => [name, type])),
    });
  } catch (error) {
    if (error instanceof Error && /already exists/i.test(error.message)) return;
    const flags = absent.map(([name, { word }]) => `--name ${name} --type ${word}`).join(" ");
    throw new PawlError(
      "CONFIG",
      `Search attributes are missing and could not be added. An admin must run: ` +
        `temporal operator search-attribute create --namespace ${namespace} ${flags}`,
      { cause: error },
    );
  }
}

/** True of the server's word on a column that it does not know, or does not know yet. */
export function isSearchAttributeMissing(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && /search attribute/i.test(cause.message);
}
