// What a worker can't do without.

import { PawlError } from "../domain/errors.ts";

/** Throws PawlError CONFIG. */
export function required<T>(name: string, value: T | null | undefined): T {
  if (value !== undefined && value !== null) return value;
  throw new PawlError(
    "CONFIG",
    `${name} is not set. A worker needs it; \`pawl dev\` starts a local stack that sets it.`,
  );
}
