// Pawl in a worker of somebody else's. Its queue takes runs beside their own workflows; the queues for books and tools
// (src/temporal/queues.ts) get workers of their own on the same connection, which live as long as theirs does.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type {
  BundleOptions,
  BundlerPlugin,
  Worker,
  WorkerOptions,
  WorkerPlugin,
} from "@temporalio/worker";
import { readConfig } from "../config.ts";
import { DUTIES } from "../domain/duty.ts";
import { PawlError } from "../domain/errors.ts";
import { present } from "../domain/present.ts";
import { packageFile } from "../package-root.ts";
import { secretsOf } from "../telemetry/secrets.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";
import { DATA_CONVERTER } from "../temporal/data-converter.ts";
import { WORKFLOW_TYPE } from "../temporal/names.ts";
import type { WorkerSkills } from "../worker/activity-deps.ts";
import { BUNDLE_FILE } from "../worker/bundle-file.ts";
import {
  attempting,
  besideRuns,
  createEach,
  endAll,
  inRunsQueue,
  serve,
} from "../worker/served-queues.ts";
import { openServices, type Services } from "../worker/services.ts";
import { withOurs } from "./own-worker.ts";

export interface PluginOptions extends WorkerSkills {
  /** Settings of Pawl (`.env.example`), but for Temporal and the queue, which are the worker's; else `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
}

/** For `plugins` of one `Worker.create`, and of `bundleWorkflowCode` where the workflows are bundled ahead. */
export interface PawlPlugin extends WorkerPlugin, BundlerPlugin {
  readonly name: "pawl";
  configureWorker(options: WorkerOptions): Promise<WorkerOptions>;
  configureBundler(options: BundleOptions): BundleOptions;
  runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void>;
  /** For a worker that was created and never run. */
  close(): Promise<void>;
}

/**
 * Registers Pawl's workflows and activities in a worker of yours, with your tools and agents. Your workflows begin runs
 * with `runAgent` of `pawl/workflows`; a client with PAWL_TASK_QUEUE set to the worker's queue does too. Needs
 * DATABASE_URL and a key of the provider. `Worker.create` then throws PawlError CONFIG for wrong settings.
 */
export function pawlPlugin(options: PluginOptions = {}): PawlPlugin {
  let guest: Guest | null = null;
  const close = async (): Promise<void> => {
    const leaving = guest;
    guest = null;
    await leaving?.services.close();
  };
  return {
    name: "pawl",
    async configureWorker(host) {
      if (guest !== null) throw usedTwice();
      const workflows = workflowsBeside(host);
      guest = await settleIn(options, host);
      try {
        return { ...withRuns(host, guest), ...workflows };
      } catch (error) {
        await close();
        throw error;
      }
    },
    configureBundler: withOurWorkflows,
    async runWorker(worker, next) {
      if (guest === null) throw usedTwice();
      try {
        await serveBeside(worker, next, guest);
      } finally {
        await close();
      }
    },
    close,
  };
}

interface Guest {
  readonly services: Services;
  /** What the workers of our other queues have from the host. */
  readonly common: Partial<WorkerOptions>;
}

async function settleIn(
  { env = process.env, agents, ...skills }: PluginOptions,
  host: WorkerOptions,
): Promise<Guest> {
  const { connection, namespace = "default", taskQueue } = host;
  if (connection === undefined) throw noConnection();
  const config = readConfig({ ...env, PAWL_TASK_QUEUE: taskQueue });
  const telemetry = openTelemetry(config.log, { secrets: secretsOf(config) });
  const services = await openServices(config, telemetry, {
    ...skills,
    ...present({ agents: agents && withOurs(agents) }),
    duties: DUTIES,
    connect: async () => ({ connection, namespace, close: () => undefined }),
  });
  const { workerDeploymentOptions, dataConverter = DATA_CONVERTER } = host;
  const versioned = present({ workerDeploymentOptions });
  const ours = { connection, namespace, dataConverter, ...versioned };
  return { services, common: { ...ours, ...attempting(services.deps) } };
}

function withRuns(host: WorkerOptions, { services }: Guest): WorkerOptions {
  const ours: object = inRunsQueue(DUTIES, services.deps);
  const theirs = host.activities ?? {};
  const taken = Object.keys(ours).filter((name) => Object.hasOwn(theirs, name));
  if (taken.length > 0) throw namesTaken(taken);
  const { interceptors, ...beats } = attempting(services.deps);
  return {
    ...beats,
    ...host,
    activities: { ...theirs, ...ours },
    interceptors: {
      ...host.interceptors,
      activity: [...(host.interceptors?.activity ?? []), ...(interceptors?.activity ?? [])],
    },
  };
}

/** What was bundled ahead must have them already; a worker without workflows of its own serves ours alone. */
function workflowsBeside({ workflowBundle, workflowsPath }: WorkerOptions): Partial<WorkerOptions> {
  if (workflowBundle === undefined) {
    return workflowsPath === undefined ? { workflowBundle: { codePath: BUNDLE_FILE } } : {};
  }
  const code =
    "code" in workflowBundle ? workflowBundle.code : readFileSync(workflowBundle.codePath, "utf8");
  if (!code.includes(WORKFLOW_TYPE)) throw bundledWithout();
  return {};
}

/** By this name with-host-workflows.cjs asks for the host's. */
const HOST_WORKFLOWS = "pawl-host-workflows";

/** One more module before the host's, which exports their workflows and ours. */
function withOurWorkflows(options: BundleOptions): BundleOptions {
  const { workflowsPath, webpackConfigHook = (config) => config } = options;
  return {
    ...options,
    workflowsPath: packageFile("src/library/with-host-workflows.cjs"),
    webpackConfigHook(given) {
      const config = webpackConfigHook(given);
      const { resolve: resolving = {} } = config;
      const before = Array.isArray(resolving.alias) ? {} : resolving.alias;
      const alias = { ...before, [`${HOST_WORKFLOWS}$`]: resolve(workflowsPath) };
      return { ...config, resolve: { ...resolving, alias } };
    },
  };
}

async function serveBeside(
  worker: Worker,
  next: (worker: Worker) => Promise<void>,
  guest: Guest,
): Promise<void> {
  // Before anything is waited for: who runs a worker until a promise resolves ends it only where it runs by then.
  const host = next(worker);
  const beside = serveUntil(host, worker, guest);
  // Without books no run goes on: who serves them takes the host along.
  beside.catch(() => endAll([worker]));
  const [ofHost] = await Promise.allSettled([host, beside]);
  if (ofHost.status === "rejected") throw ofHost.reason;
  await beside;
}

async function serveUntil(
  host: Promise<void>,
  worker: Worker,
  { services, common }: Guest,
): Promise<void> {
  const workers = await createEach(besideRuns(DUTIES, services.deps), common);
  services.attend([worker, ...workers]);
  const serving = serve(workers);
  await Promise.race([Promise.allSettled([host]), serving]);
  services.deps.ledger.holdNoMore();
  endAll(workers);
  await serving;
}

function noConnection(): PawlError {
  return new PawlError("CONFIG", "A worker with the plugin of Pawl is given its connection.", {
    next: "pass `connection: await NativeConnection.connect(…)` to Worker.create",
  });
}

function usedTwice(): PawlError {
  return new PawlError("CONFIG", "A plugin of Pawl belongs to one worker, which runs once.", {
    next: "call pawlPlugin() for each Worker.create",
  });
}

function namesTaken(names: readonly string[]): PawlError {
  const message = `The worker has activities of its own that Pawl's are called too: ${names.join(", ")}.`;
  return new PawlError("CONFIG", message, { next: "name yours another way" });
}

function bundledWithout(): PawlError {
  const message = `The workflowBundle has no ${WORKFLOW_TYPE}, so no run could be served.`;
  const next = "bundle it with `plugins: [pawlPlugin()]`, or export agentRun from its workflows";
  return new PawlError("CONFIG", message, { next });
}
