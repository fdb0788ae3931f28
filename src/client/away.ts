// What does not answer, for those who wait for an answer.

import { readStore } from "../temporal/store-read.ts";
import type { Backend } from "./connect.ts";

/** "Temporal at host:7233"; null where all that a request may need answers within this time. */
export async function whatIsAway(
  { client, namespace, db, places }: Pick<Backend, "client" | "namespace" | "db" | "places">,
  withinMs: number,
): Promise<string | null> {
  const asksTemporal = client.connection.withDeadline(Date.now() + withinMs, () =>
    readStore(client.workflowService, namespace),
  );
  const isThere = await Promise.all([
    answersIn(withinMs, asksTemporal),
    db === null ||
      answersIn(
        withinMs,
        db`select 1 as one`.then(() => undefined),
      ),
  ]);
  const away = [`Temporal at ${places.temporal}`, `PostgreSQL at ${places.postgres}`].filter(
    (_, at) => isThere[at] === false,
  );
  return away.length === 0 ? null : away.join(" and ");
}

async function answersIn(withinMs: number, answer: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), withinMs);
  });
  const there = answer.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([there, late]);
  } finally {
    clearTimeout(timer);
  }
}
