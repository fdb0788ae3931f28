// Whether the world of a run is there: who serves it, and whether its servers answer.

import type { Stranded } from "../domain/missing-workers.ts";
import { readStore } from "../temporal/store-read.ts";
import { whatIsAway } from "./away.ts";
import type { Backend } from "./connect.ts";
import {
  describeQueues,
  findStranded,
  whoLeftBehind,
  type LeftBehind,
  type Queue,
} from "./queue.ts";
import { asked } from "./steer.ts";

export interface WorldClient {
  /** Where nobody serves something, nothing of it will happen until a worker starts. */
  queue(): Promise<Queue>;
  /** Open runs that only a build may take which lacks a worker; a second or so late. */
  stranded(): Promise<readonly Stranded[]>;
  /** Null unless the run is one of them. */
  leftBehind(runId: string): Promise<LeftBehind | null>;
  /** Throws where Temporal, or the store behind it, does not answer. */
  readStore(): Promise<void>;
  /** Which server does not answer within this time, in words; null where all do. */
  away(withinMs: number): Promise<string | null>;
  /** What is asked of Temporal meanwhile is given up after this time, and not tried again. */
  within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T>;
}

export function worldOf(backend: Backend): WorldClient {
  const { client, namespace } = backend;
  return {
    queue: () => asked(describeQueues(backend)),
    stranded: () => asked(findStranded(backend)),
    leftBehind: (runId) => asked(whoLeftBehind(backend, runId), runId),
    readStore: () => asked(readStore(client.workflowService, namespace)),
    away: (withinMs) => whatIsAway(backend, withinMs),
    within: (timeoutMs, work) => client.connection.withDeadline(Date.now() + timeoutMs, work),
  };
}
