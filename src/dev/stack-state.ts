// What is known of a running local stack, in its state folder: `stack.json` for those who want to
// use it (there only while it is ready), `children.json` for whoever must clean up after a supervisor
// that was killed.

import { createHmac } from "node:crypto";
import { rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { eachSetting, type Config } from "../config.ts";
import { packageFile } from "../package-root.ts";
import { readJsonFile, writeJsonFile } from "./json-file.ts";
import { readLocalToken } from "./local-token.ts";
import { isAlive, type ProcessMark } from "./process-mark.ts";

const STACK_STATE = z.object({
  pid: z.number(),
  startMark: z.string(),
  startedAt: z.string(),
  version: z.string(),
  temporalAddress: z.string(),
  namespace: z.string(),
  /** Null where the user's own DATABASE_URL is used: it holds a password, so it is not repeated. */
  databaseUrl: z.string().nullable(),
  modelUrl: z.string().nullable(),
  /** Where the page is, or will be in a moment: nobody waits for it. */
  gatewayUrl: z.string().nullable().default(null),
  offline: z.boolean(),
  children: z.record(z.string(), z.number()),
  /** Digests, by which a later command sees that its settings are not those of the worker. */
  settings: z.record(z.string(), z.string()),
});

export type StackState = Readonly<z.output<typeof STACK_STATE>>;

const CHILDREN = z.record(z.string(), z.object({ pid: z.number(), startMark: z.string() }));

export interface StateFiles {
  readonly state: string;
  readonly children: string;
  readonly lock: string;
  readonly ports: string;
  readonly log: string;
}

export function stateFiles(stateDir: string): StateFiles {
  return {
    state: join(stateDir, "stack.json"),
    children: join(stateDir, "children.json"),
    lock: join(stateDir, "stack.lock"),
    ports: join(stateDir, "ports.json"),
    log: join(stateDir, "stack.log"),
  };
}

/** The stack that runs in this folder; a file left by one that is gone is no stack. */
export function liveStack(stateDir: string): StackState | undefined {
  const state = readJsonFile(stateFiles(stateDir).state, STACK_STATE);
  return state !== undefined && isAlive(state) ? state : undefined;
}

export function writeStack(stateDir: string, state: StackState): void {
  writeJsonFile(stateFiles(stateDir).state, state);
}

/** Somebody uses the stack: it stays for a while from now on. */
export function touchStack(stateDir: string): void {
  const now = new Date();
  try {
    utimesSync(stateFiles(stateDir).state, now, now);
  } catch {
    // It is ending.
  }
}

export function forgetStack(stateDir: string): void {
  rmSync(stateFiles(stateDir).state, { force: true });
}

export function writeChildren(
  stateDir: string,
  children: Readonly<Record<string, ProcessMark>>,
): void {
  writeJsonFile(stateFiles(stateDir).children, children);
}

/** The parts that live, whether or not their supervisor does. */
export function livingChildren(stateDir: string): ReadonlyMap<string, ProcessMark> {
  const children = readJsonFile(stateFiles(stateDir).children, CHILDREN) ?? {};
  return new Map(Object.entries(children).filter(([, mark]) => isAlive(mark)));
}

/** Settings that matter to a command, or to a client of servers that are not ours, and to no part of a stack. */
const NOT_OF_THE_STACK: ReadonlySet<string> = new Set([
  ...["PAWL_TENANT", "PAWL_SESSION", "PAWL_STATE_DIR", "PAWL_GATEWAY_URL"],
  ...["TEMPORAL_ADDRESS", "TEMPORAL_UI_URL"],
]);

/** By which all digests are made: with another one, nothing can be said of the rest. */
const TOKEN = "local.token";

/**
 * A short digest per setting, and one of the build: equal where a stack may be reused. Of what holds, and not of
 * how it is written: a variable that says the default is none, and so is one that no part reads. They are made with
 * the secret of the folder, so that who is shown this file alone can try no password against it.
 */
export function settingsOf(config: Config, stateDir: string): Readonly<Record<string, string>> {
  const secret = readLocalToken(stateDir) ?? "";
  const digest = (value: string): string =>
    createHmac("sha256", secret).update(value).digest("hex").slice(0, 12);
  const named = eachSetting(config)
    .filter(({ name }) => !NOT_OF_THE_STACK.has(name))
    .map(({ name, value }) => [name, digest(JSON.stringify(value) ?? "")] as const);
  return { ...Object.fromEntries(named), build: digest(buildStamp()), [TOKEN]: digest(TOKEN) };
}

/** Names of the settings that differ, `build` among them where the package was built again. */
export function changedSettings(
  running: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): readonly string[] {
  if (running[TOKEN] !== wanted[TOKEN]) return [TOKEN];
  const names = new Set([...Object.keys(running), ...Object.keys(wanted)]);
  return [...names].filter((name) => running[name] !== wanted[name]).toSorted();
}

function buildStamp(): string {
  const built = ["dist/workflow-bundle.js", "dist/src/worker/main.js", "dist/src/dev/main.js"];
  return built
    .map((file) => statSync(packageFile(file), { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .join();
}
