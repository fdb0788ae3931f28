// The servers a run talks to: of the local stack where it runs, else those the environment names.

import type { Config } from "../config.ts";
import { CATALOGUE, isPawlError } from "../domain/errors.ts";
import { openDatabase, placeOf, type Database, type DatabaseWhere } from "../store/database.ts";
import { readSchema } from "../store/migrations.ts";
import { readSchemaState, sentenceOf } from "../store/schema-state.ts";
import { tryWriting, whyNotWritten } from "../store/write-probe.ts";
import { accessByEnvironment, localAccess, type TemporalAccess } from "../temporal/access.ts";
import {
  creatingCommand,
  SEARCH_ATTRIBUTES,
  type SearchAttribute,
} from "../temporal/search-attributes.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import { checkSandboxes } from "./doctor-sandbox.ts";
import { checkFiles } from "./doctor-files.ts";
import { answers, checkModel } from "./doctor-provider.ts";
import { checkWorkers } from "./doctor-workers.ts";
import type { StackState } from "./stack-state.ts";
import { readsStore, searchAttributeNames, servesNamespace } from "./temporal-client.ts";

const POSTGRES_TIMEOUT_MS = 5000;

/** A service that is part of a local stack that does not run is not looked at. */
export async function checkServices(
  stack: StackState | undefined,
  config: Config,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const database = config.database.access ?? stack?.databaseUrl;
  const access = config.temporal.address
    ? accessByEnvironment(config.temporal.namespace, env)
    : stack && localAccess(stack.temporalAddress, stack.namespace);
  const checks = await Promise.all([
    access ? checkTemporal(access, config.temporal.taskQueue) : [],
    database ? checkPostgres(database) : [],
    checkModel(stack, config),
    checkGateway(stack),
  ]);
  return checks.flat();
}

async function checkTemporal(target: TemporalAccess, taskQueue: string): Promise<readonly Check[]> {
  const { options, namespace } = target;
  const { address } = options;
  if (!(await servesNamespace(target))) {
    const what = `${address} does not answer for namespace ${namespace}`;
    return [
      fail(
        "temporal",
        what,
        "check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, its key and TLS settings",
      ),
    ];
  }
  if (!(await readsStore(target))) {
    const what = `${address} answers, and its store does not: no run begins or goes on`;
    return [
      fail("temporal", what, "look at Temporal's database: is it up, is there room on its disk"),
    ];
  }
  return [
    ok("temporal", `${address}, namespace ${namespace}`),
    await checkSearchAttributes(target),
    ...(await checkWorkers(target, taskQueue)),
  ];
}

async function checkSearchAttributes(target: TemporalAccess): Promise<Check> {
  const registered = new Set(await searchAttributeNames(target).catch(() => []));
  const absent = SEARCH_ATTRIBUTES.filter(({ name }) => !registered.has(name));
  if (absent.length === 0) return ok("search attributes", namesOf(SEARCH_ATTRIBUTES));
  return warn(
    "search attributes",
    `missing: ${namesOf(absent)}`,
    `a worker adds them at its start, or: ${creatingCommand(absent, target.namespace)}`,
  );
}

function namesOf(attributes: readonly SearchAttribute[]): string {
  return attributes.map(({ name }) => name).join();
}

async function checkPostgres(at: DatabaseWhere): Promise<readonly Check[]> {
  const where = placeOf(at);
  const database = openDatabase(at, { connectionsMax: 1, timeoutMs: POSTGRES_TIMEOUT_MS });
  try {
    const schema = readSchema();
    const state = await readSchemaState(database, schema);
    if (state.kind === "current") {
      const found = await checkWriting(database, `${where}, schema ${schema.tables.length}`);
      return [found, ...(await checkFiles(database)), ...(await checkSandboxes(database))];
    }
    if (state.kind === "foreign") {
      return [fail("postgres", `${where}: ${state.why}`, CATALOGUE.SCHEMA_FOREIGN.next)];
    }
    const what = `${where}: ${sentenceOf(state.due)}`;
    return [warn("postgres", what, CATALOGUE.SCHEMA_BEHIND.next)];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const isNamed = isPawlError(error) && error.code !== "LEDGER_UNAVAILABLE";
    const fix = isNamed
      ? (error.next ?? CATALOGUE[error.code].next)
      : "check DATABASE_URL, and that the server runs";
    return [fail("postgres", why, fix)];
  } finally {
    await database.end();
  }
}

/** Who only reads may be told of a standby; a worker may not. */
async function checkWriting(database: Database, where: string): Promise<Check> {
  try {
    await tryWriting(database);
    return ok("postgres", where);
  } catch (error) {
    const fix = "no run begins or goes on with it: make room, or name a primary in DATABASE_URL";
    return warn("postgres", `${where}: ${whyNotWritten(error)}`, fix);
  }
}

async function checkGateway(stack: StackState | undefined): Promise<readonly Check[]> {
  const url = stack?.gatewayUrl;
  if (!url) return [];
  if ((await answers(`${url}/health`)) === 200) return [ok("gateway", url)];
  const fix = "runs don't need it; why it is missing is in gateway.log of the state folder";
  return [warn("gateway", `${url} does not answer`, fix)];
}
