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

/** A server knows a new namespace, or a new column, when it next reads what it keeps of them: seconds later. */
const KNOWN_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 200;

/**
 * Returns once the server lists all of them. False where it lets nobody look, as a server may where an admin makes
 * them: then a run that starts tells. Throws PawlError CONFIG with the command for an admin.
 */
export async function ensureSearchAttributes(
  operator: OperatorService,
  namespace: string,
  withinMs = KNOWN_WITHIN_MS,
): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (true) {
    const seen = await look(operator, namespace);
    if (seen.kind === "all") return true;
    if (seen.kind === "hidden") return false;
    const isOver = Date.now() > deadline;
    if (seen.kind === "failed" && isOver) throw seen.error;
    if (seen.kind === "absent") {
      const hindrance = await add(operator, namespace, seen.absent);
      if (isOver || isRefused(hindrance)) throw missing(seen.absent, namespace, hindrance);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

type Seen =
  | { readonly kind: "all" | "hidden" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "absent"; readonly absent: readonly SearchAttribute[] };

async function look(operator: OperatorService, namespace: string): Promise<Seen> {
  try {
    const { customAttributes } = await operator.listSearchAttributes({ namespace });
    const absent = SEARCH_ATTRIBUTES.filter(({ name }) => !(name in customAttributes));
    return absent.length === 0 ? { kind: "all" } : { kind: "absent", absent };
  } catch (error) {
    return isRefused(error) ? { kind: "hidden" } : { kind: "failed", error };
  }
}

/** What kept it from that, if anything did. Of two who add the same at once one fails: the next look tells. */
async function add(
  operator: OperatorService,
  namespace: string,
  absent: readonly SearchAttribute[],
): Promise<unknown> {
  const numbers = absent.map(({ name, number }) => [name, number] as const);
  try {
    await operator.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(numbers),
    });
    return null;
  } catch (error) {
    return error;
  }
}

/** Of gRPC: permission denied, unimplemented, unauthenticated. */
const REFUSALS: readonly unknown[] = [7, 12, 16];

function isRefused(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return REFUSALS.includes(code);
}

/** PawlError CONFIG with the command for an admin. */
export function missing(
  absent: readonly SearchAttribute[],
  namespace: string,
  cause: unknown,
): PawlError {
  return new PawlError(
    "CONFIG",
    `Search attributes are missing and could not be added. An admin must run: ` +
      creatingCommand(absent, namespace),
    { cause },
  );
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
