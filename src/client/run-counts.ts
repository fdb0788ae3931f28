// How many runs there are, by how they stand: counted by Temporal's visibility.

import type { Client } from "@temporalio/client";
import { visibilityQuery, type ListQuery } from "./run-list.ts";
import { isSearchAttributeMissing } from "../temporal/search-attributes.ts";

export interface RunCounts {
  readonly running: number;
  readonly waiting: number;
  readonly paused: number;
}

export async function countRuns(
  client: Client,
  query: Pick<ListQuery, "tenant">,
): Promise<RunCounts> {
  const count = (status: "running" | "waiting" | "paused") =>
    client.workflow.count(visibilityQuery({ ...query, status }));
  try {
    const [running, waiting, paused] = await Promise.all([
      count("running"),
      count("waiting"),
      count("paused"),
    ]);
    return { running: running.count, waiting: waiting.count, paused: paused.count };
  } catch (error) {
    if (isSearchAttributeMissing(error)) return { running: 0, waiting: 0, paused: 0 };
    throw error;
  }
}
