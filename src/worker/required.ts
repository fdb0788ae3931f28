// What a worker can't do without.

import { PawlError } from "../domain/errors.ts";

/** Throws PawlError CONFIG. */
export function required(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new PawlError(
    "CONFIG",
    `${name} is not set. A worker needs it; \`pawl dev\` starts a local stack that sets it.`,
  );
}
