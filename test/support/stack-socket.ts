// Where the embedded Postgres of a local stack listens, as its URL says, for programs of the tests that use the
// driver alone.

import { readAccess } from "../../src/conninfo/read-access.ts";

/** Null where the URL leads over the network. */
export function socketPathOf(url: string): string | null {
  const [place] = readAccess(url).places;
  return place?.kind === "socket" ? place.path : null;
}
