// What nobody serves, said to whoever waits for it.

import type { RunClient } from "../client/run-client.ts";
import { servingCommand, unservedText } from "../domain/duty.ts";

/** Null where all that it may come to is served. */
export async function unservedNotice(
  client: Pick<RunClient, "queue">,
  waits: "run" | "batch",
): Promise<string | null> {
  const { unserved } = await client.queue();
  const what = unservedText(unserved);
  if (what === null) return null;
  const next = `the ${waits} waits until one starts: ${servingCommand(unserved)}`;
  return `${what[0]?.toUpperCase()}${what.slice(1)}; ${next}`;
}
