// What a new run would wait for, said to whoever waits for it.

import type { RunClient } from "../client/run-client.ts";

/** Null where all that it may come to is served. */
export async function unservedNotice(
  client: Pick<RunClient, "queue">,
  waits: "run" | "batch",
): Promise<string | null> {
  const { missing } = await client.queue();
  if (missing === null) return null;
  const { kind, what, next } = missing;
  const until = kind === "queue" ? `waits until one starts: ${next}` : `waits. To help: ${next}`;
  return `${what[0]?.toUpperCase()}${what.slice(1)}; the ${waits} ${until}`;
}
