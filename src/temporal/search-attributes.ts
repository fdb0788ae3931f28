// The columns must exist on the namespace before the first run starts: a worker sees to that, or a
// client that comes before any worker. On a server where we may not add them, an admin is told what
// to run.

import type { OperatorService } from "@temporalio/client";
import proto from "@temporalio/proto";
import { PawlError } from "../domain/errors.ts";
import { COLUMNS } from "./columns.ts";

const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_DOUBLE, INDEXED_VALUE_TYPE_INT } =
  proto.temporal.api.enums.v1.IndexedValueType;

/** What an admin calls the type of a column, and what the API does. */
const TYPES = {
  KEYWORD: { word: "Keyword", number: INDEXED_VALUE_TYPE_KEYWORD },
  DOUBLE: { word: "Double", number: INDEXED_VALUE_TYPE_DOUBLE },
  INT: { word: "Int", number: INDEXED_VALUE_TYPE_INT },
} as const;

export interface SearchAttribute {
  readonly name: string;
  readonly word: "Keyword" | "Double" | "Int";
  readonly number: number;
}

export const SEARCH_ATTRIBUTES: readonly SearchAttribute[] = Object.values(COLUMNS).map(
  ({ name, type }) => ({ name, ...TYPES[type] }),
);

/** Throws PawlError CONFIG with the command for an admin. */
export async function ensureSearchAttributes(
  operator: OperatorService,
  namespace: string,
): Promise<void> {
  const { customAttributes } = await operator.listSearchAttributes({ namespace });
  const absent = SEARCH_ATTRIBUTES.filter(({ name }) => !(name in customAttributes));
  if (absent.length === 0) return;
  try {
    await operator.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(absent.map(({ name, number }) => [name, number])),
    });
  } catch (error) {
    if (error instanceof Error && /already exists/i.test(error.message)) return;
    throw new PawlError(
      "CONFIG",
      `Search attributes are missing and could not be added. An admin must run: ` +
        creatingCommand(absent, namespace),
      { cause: error },
    );
  }
}

/** What an admin runs where we may not add them. */
export function creatingCommand(absent: readonly SearchAttribute[], namespace: string): string {
  const flags = absent.map(({ name, word }) => `--name ${name} --type ${word}`).join(" ");
  return `temporal operator search-attribute create --namespace ${namespace} ${flags}`;
}

/** True of the server's word on a column that it does not know, or does not know yet. */
export function isSearchAttributeMissing(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && /search attribute/i.test(cause.message);
}
