// The supervisor of the local stack: one process that starts the parts, keeps them running, and
// ends them.
// K1. One stack per state folder: the supervisor holds the folder's lock for as long as it lives.
// K2. A part that dies is started again on the same address, so whoever uses it just reconnects.
// K3. `stack.json` is there only while the stack is ready; what it says is true or its pid is dead.
// K4. It ends on a signal, when no run has been open for the idle time, or when it lost its lock.
// A supervisor that is killed leaves the parts running, so runs go on. They end by themselves where
// nobody comes (heir.ts); the next supervisor ends them and starts afresh on the same state.

import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../config.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { localAccess } from "../temporal/access.ts";
import type { OnProgress } from "./on-progress.ts";
import { untilIdle } from "./idle-watch.ts";
import { gatewayPart, modelPart, postgresPart, workerPart } from "./node-parts.ts";
import { hasOwnDatabase, type PartContext, wantsOfflineModel } from "./part-context.ts";
import { ENDING_ORDER, type Part, PART_NAMES, type PartName } from "./part.ts";
import { areFree, choosePorts } from "./ports.ts";
import { packageVersion } from "../package-version.ts";
import { holdsLock, releaseLock, takeLock } from "./process-lock.ts";
import { endLeftovers } from "./leftovers.ts";
import { markOf } from "./process-mark.ts";
import { forgetStack, settingsOf, stateFiles, writeChildren, writeStack } from "./stack-state.ts";
import { SupervisedPart } from "./supervised-part.ts";
import type { Will } from "./will.ts";
import { temporalPart } from "./temporal-server.ts";
import { ensureLocalToken } from "./local-token.ts";
import { openStateFolder } from "./state-folder.ts";
import { socketFolder } from "./socket-folder.ts";
import { localPostgresUrl } from "./postgres-url.ts";

export interface StackOptions {
  readonly stateDir: string;
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly telemetry: Telemetry;
  readonly onProgress: OnProgress;
  /** Told where the page is, once it is served. */
  readonly onPage?: (url: string) => void;
  /** Ends the stack. */
  readonly signal: AbortSignal;
  /** Somebody watches it (`pawl dev`): then it does not end for idleness. */
  readonly foreground: boolean;
  /** For tests: a stack without some of its parts. */
  readonly parts?: readonly PartName[];
}

/** Runs until the stack ends. Throws PawlError where a part can't be started. */
export async function superviseStack(options: StackOptions): Promise<"ended" | "already_running"> {
  const stateDir = resolve(options.stateDir);
  const files = stateFiles(stateDir);
  openStateFolder(stateDir);
  if (!takeLock(files.lock)) return "already_running";
  try {
    await endLeftovers(stateDir);
    ensureLocalToken(stateDir);
    while ((await runOnce(options, stateDir)) === "port_taken");
    return "ended";
  } finally {
    releaseLock(files.lock);
  }
}

/** A port that was free when it was chosen may be another's when a part wants it: choose again. */
async function runOnce(options: StackOptions, stateDir: string): Promise<"ended" | "port_taken"> {
  const context = await createContext(options, stateDir);
  const stack = new Stack({ ...options, stateDir }, context);
  try {
    await stack.start();
    await stack.untilEnd();
    return "ended";
  } catch (error) {
    await stack.stop();
    if (await areFree(context.ports)) throw error;
    return "port_taken";
  } finally {
    await stack.stop();
  }
}

async function createContext(
  { config, env }: StackOptions,
  stateDir: string,
): Promise<PartContext> {
  const ports = await choosePorts(stateFiles(stateDir).ports);
  const sockets = socketFolder(stateDir);
  return {
    stateDir,
    config,
    env,
    ports,
    namespace: config.temporal.namespace,
    temporalAddress: `127.0.0.1:${ports.temporal}`,
    socketFolder: sockets,
    databaseUrl: localPostgresUrl(sockets),
    modelUrl: wantsOfflineModel(config) ? `http://127.0.0.1:${ports.model}` : null,
  };
}

class Stack {
  readonly #options: StackOptions;
  readonly #context: PartContext;
  readonly #startedAt = new Date();
  readonly #parts: readonly SupervisedPart[];
  #ready = false;

  constructor(options: StackOptions, context: PartContext) {
    this.#options = options;
    this.#context = context;
    const wanted = new Set(options.parts ?? PART_NAMES);
    const parts = partsOf(context, options.onProgress).filter((part) => wanted.has(part.name));
    const supervision = {
      telemetry: options.telemetry,
      will: this.#will(parts),
      onSpawn: () => this.#publish(),
    };
    this.#parts = parts.map((part) => new SupervisedPart(part, supervision));
  }

  #will(parts: readonly Part[]): Will {
    const { temporalAddress, namespace } = this.#context;
    return {
      stateDir: this.#options.stateDir,
      temporalAddress,
      namespace,
      idleMs: this.#options.config.stack.idleMinutes * 60_000,
      needed: parts.filter(({ isExtra }) => isExtra !== true).map(({ name }) => name),
    };
  }

  /** Resolves when every part serves, or the stack was told to end meanwhile. */
  async start(): Promise<void> {
    const { onProgress, signal } = this.#options;
    const serving = new Map<PartName, Promise<void>>();
    const extras = this.#parts.filter(({ part }) => part.isExtra === true);
    for (const part of this.#parts) {
      if (!extras.includes(part)) serving.set(part.part.name, this.#startPart(part, serving));
    }
    for (const part of extras) void this.#startExtra(part, serving);
    await Promise.race([Promise.all(serving.values()), aborted(signal)]);
    if (signal.aborted) return;
    this.#ready = true;
    this.#publish();
    onProgress(`The local stack is ready after ${seconds(this.#startedAt)} s.`);
  }

  async untilEnd(): Promise<void> {
    const { telemetry, signal, config, stateDir, foreground } = this.#options;
    const { namespace, temporalAddress } = this.#context;
    const why = await untilIdle({
      target: localAccess(temporalAddress, namespace),
      idleMs: foreground ? Infinity : config.stack.idleMinutes * 60_000,
      usedFile: stateFiles(stateDir).state,
      stillOurs: () => holdsLock(stateFiles(stateDir).lock),
      signal,
    });
    telemetry.emit({ event: "stack_ending", why });
  }

  async stop(): Promise<void> {
    const { stateDir } = this.#options;
    if (holdsLock(stateFiles(stateDir).lock)) forgetStack(stateDir);
    this.#ready = false;
    for (const names of ENDING_ORDER) {
      const next = this.#parts.filter(({ part }) => names.includes(part.name));
      await Promise.all(next.map((part) => part.stop()));
    }
    if (holdsLock(stateFiles(stateDir).lock)) {
      await rm(stateFiles(stateDir).children, { force: true });
    }
  }

  async #startPart(
    part: SupervisedPart,
    serving: ReadonlyMap<PartName, Promise<void>>,
  ): Promise<void> {
    for (const name of part.part.after) await serving.get(name);
    if (this.#options.signal.aborted) return;
    await part.start();
    const readyAfterS = seconds(this.#startedAt);
    this.#options.telemetry.emit({ event: "part_ready", part: part.part.name, readyAfterS });
  }

  async #startExtra(
    part: SupervisedPart,
    serving: ReadonlyMap<PartName, Promise<void>>,
  ): Promise<void> {
    const { telemetry, onPage } = this.#options;
    try {
      await this.#startPart(part, serving);
      const url = this.#gatewayUrl();
      if (part.mark !== undefined && url !== null) onPage?.(url);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      telemetry.emit({ event: "part_missing", part: part.part.name, message });
    }
  }

  #gatewayUrl(): string | null {
    const isThere = this.#parts.some(({ part }) => part.name === "gateway");
    return isThere ? `http://127.0.0.1:${this.#context.ports.gateway}` : null;
  }

  /** Whenever a process changed: a successor must know whom to end. */
  #publish(): void {
    const { stateDir, config } = this.#options;
    const running = this.#parts.flatMap(({ part, mark }) =>
      mark === undefined ? [] : [[part.name, mark] as const],
    );
    writeChildren(stateDir, Object.fromEntries(running));
    const self = markOf(process.pid);
    if (!this.#ready || self === undefined) return;
    const { temporalAddress, databaseUrl, modelUrl, namespace } = this.#context;
    writeStack(stateDir, {
      ...self,
      startedAt: this.#startedAt.toISOString(),
      version: packageVersion(),
      temporalAddress,
      namespace,
      databaseUrl: hasOwnDatabase(config) ? null : databaseUrl,
      modelUrl,
      gatewayUrl: this.#gatewayUrl(),
      offline: modelUrl !== null,
      children: Object.fromEntries(running.map(([name, { pid }]) => [name, pid])),
      settings: settingsOf(config, stateDir),
    });
  }
}

function partsOf(context: PartContext, onProgress: OnProgress): readonly Part[] {
  return [
    temporalPart(context, onProgress),
    ...(hasOwnDatabase(context.config) ? [] : [postgresPart(context)]),
    ...(context.modelUrl === null ? [] : [modelPart(context)]),
    workerPart(context),
    gatewayPart(context),
  ];
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

function seconds(since: Date): string {
  return ((Date.now() - since.getTime()) / 1000).toFixed(1);
}
