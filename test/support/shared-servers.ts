// What all suites of a `jest` share: one Temporal and one PostgreSQL, started by global-setup.ts. A suite
// has a namespace and a database of its own there, and so sees no other suite.

import { randomBytes } from "node:crypto";
import { Connection } from "@temporalio/client";
import { msToTs } from "@temporalio/common/lib/time.js";
import postgres from "postgres";
import { ensureSearchAttributes } from "../../src/temporal/search-attributes.ts";
import type { DatabaseServer } from "./postgres.ts";

export interface SharedServers {
  readonly temporalAddress: string;
  readonly postgresUrl: string;
}

/** The migrated database that those of the suites are copies of. */
export const TEMPLATE = "pawl_template";

const VARIABLE = "PAWL_TEST_SERVERS";
const RETENTION = "1 day";

/** For jest's workers, which are started after it. */
export function announce(servers: SharedServers): void {
  process.env[VARIABLE] = JSON.stringify(servers);
}

/** A migrated database, which nobody else has. */
export async function ownDatabase(): Promise<DatabaseServer> {
  return await createDatabase(TEMPLATE);
}

/** One that Pawl has never seen. */
export async function emptyDatabase(): Promise<DatabaseServer> {
  return await createDatabase("template1");
}

async function createDatabase(template: string): Promise<DatabaseServer> {
  const { postgresUrl } = sharedServers();
  const name = newName();
  await asAdmin(postgresUrl, `create database ${name} template ${template}`);
  return {
    url: databaseAt(postgresUrl, name),
    stop: () => asAdmin(postgresUrl, `drop database ${name} with (force)`),
  };
}

export interface OwnNamespace {
  readonly address: string;
  readonly namespace: string;
}

/** A namespace in which runs can start at once: it has the columns by which they are listed. */
export async function ownNamespace(): Promise<OwnNamespace> {
  const address = sharedServers().temporalAddress;
  const namespace = newName();
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(RETENTION),
    });
    await ensureSearchAttributes(connection.operatorService, namespace);
  } finally {
    await connection.close();
  }
  return { address, namespace };
}

export function databaseAt(postgresUrl: string, name: string): string {
  return Object.assign(new URL(postgresUrl), { pathname: `/${name}` }).href;
}

export async function asAdmin(postgresUrl: string, statement: string): Promise<void> {
  const sql = postgres(postgresUrl, { max: 1, fetch_types: false });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

function sharedServers(): SharedServers {
  const found = process.env[VARIABLE];
  if (found === undefined) {
    throw new Error(
      "There are no shared servers: jest starts them, other programs bring their own.",
    );
  }
  return JSON.parse(found) as SharedServers;
}

function newName(): string {
  return `suite_${randomBytes(6).toString("hex")}`;
}
