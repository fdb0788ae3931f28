// What the local stack asks its Temporal server: do you serve, who polls, how many runs are open.

import { connect, type NetConnectOpts } from "node:net";
import type { Connection } from "@temporalio/client";
import { DUTIES } from "../domain/duty.ts";
import { livingIn, type Fleet } from "../domain/fleet.ts";
import type { Stranded } from "../domain/missing-workers.ts";
import type { TemporalAccess } from "../temporal/access.ts";
import { openConnection } from "../temporal/client-connection.ts";
import { strandedRuns } from "../temporal/pinned-runs.ts";
import { lookAtFleet } from "../temporal/pollers.ts";
import { readStore } from "../temporal/store-read.ts";

const CALL_TIMEOUT_MS = 3000;

/** Connects for this one question, so that nothing remembers a server that was restarted. */
async function ask<T>(
  access: TemporalAccess,
  question: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await openConnection(access, CALL_TIMEOUT_MS);
  try {
    return await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => question(connection));
  } finally {
    await connection.close();
  }
}

export async function servesNamespace(target: TemporalAccess): Promise<boolean> {
  try {
    const { namespace } = target;
    await ask(target, (connection) => connection.workflowService.describeNamespace({ namespace }));
    return true;
  } catch {
    return false;
  }
}

/** Not asked of the server's memory: `servesNamespace` says nothing of its store. */
export async function readsStore(target: TemporalAccess): Promise<boolean> {
  try {
    await ask(target, ({ workflowService }) => readStore(workflowService, target.namespace));
    return true;
  } catch {
    return false;
  }
}

export async function readFleet(target: TemporalAccess, taskQueue: string): Promise<Fleet> {
  const { namespace } = target;
  return await ask(target, ({ workflowService }) =>
    lookAtFleet(workflowService, { namespace, taskQueue }),
  );
}

export async function readStranded(
  target: TemporalAccess,
  taskQueue: string,
  fleet: Fleet,
): Promise<readonly Stranded[]> {
  const { namespace } = target;
  return await ask(target, ({ workflowService }) =>
    strandedRuns(workflowService, { namespace, taskQueue }, fleet),
  );
}

/** Whether this process polls for all that a worker may serve; false where the server does not say. */
export async function polls(
  target: TemporalAccess,
  taskQueue: string,
  pid: number,
): Promise<boolean> {
  const fleet = await readFleet(target, taskQueue).catch(() => null);
  if (fleet === null) return false;
  return DUTIES.every((duty) =>
    // The SDK's default identity is pid@host.
    livingIn(fleet[duty]).some(({ identity }) => identity.startsWith(`${pid}@`)),
  );
}

export async function countOpenRuns(target: TemporalAccess): Promise<number> {
  const { count } = await ask(target, (connection) =>
    connection.workflowService.countWorkflowExecutions({
      namespace: target.namespace,
      query: "ExecutionStatus = 'Running'",
    }),
  );
  return Number(count);
}

export async function searchAttributeNames(target: TemporalAccess): Promise<readonly string[]> {
  const { customAttributes } = await ask(target, (connection) =>
    connection.operatorService.listSearchAttributes({ namespace: target.namespace }),
  );
  return Object.keys(customAttributes);
}

/** True if somebody listens there. */
export async function acceptsConnections(host: string, port: number): Promise<boolean> {
  return await isReached({ host, port });
}

/** The same for a Unix socket. */
export async function listensAt(path: string): Promise<boolean> {
  return await isReached({ path });
}

async function isReached(where: NetConnectOpts): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ ...where, timeout: CALL_TIMEOUT_MS });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("timeout", () => finish(false));
  });
}
