// What the local stack asks its Temporal server: do you serve, who polls, how many runs are open.

import { connect, type NetConnectOpts } from "node:net";
import type { Connection } from "@temporalio/client";
import type { Duty } from "../domain/duty.ts";
import type { TemporalAccess } from "../temporal/access.ts";
import { openConnection } from "../temporal/client-connection.ts";
import { lookAtQueue } from "../temporal/pollers.ts";

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

/** Who polls for what a worker may serve; nobody, where the server does not say. */
export async function workerIdentities(
  target: TemporalAccess,
  taskQueue: string,
): Promise<Readonly<Record<Duty, readonly string[]>>> {
  const { namespace } = target;
  const polling = (duty: Duty): Promise<readonly string[]> =>
    ask(target, async ({ workflowService }) => {
      const { identities } = await lookAtQueue(workflowService, { namespace, taskQueue, duty });
      return identities;
    }).catch(() => []);
  const [core, model, tools] = await Promise.all([
    polling("core"),
    polling("model"),
    polling("tools"),
  ]);
  return { core, model, tools };
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
