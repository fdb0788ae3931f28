// What a command of the local stack says where another backend is named.

import { PawlError } from "../domain/errors.ts";

/** `what`: what there is none of then. */
export function noLocalStack(what: string): PawlError {
  return new PawlError("USAGE", `TEMPORAL_ADDRESS is set, so ${what}.`, {
    next: "leave TEMPORAL_ADDRESS out to use the local stack",
  });
}
