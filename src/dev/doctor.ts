// What `pawl doctor` looks at: everything a run needs on this machine, one check each. Looks only;
// starts, fetches and mends nothing but the mode of the state folder, and never prints a key.

import { statfs } from "node:fs/promises";
import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import type { Config } from "../config.ts";
import { fileTroubleIn } from "../domain/file-trouble.ts";
import { sandboxOf } from "../sandbox/choose-sandbox.ts";
import { cacheDir } from "./cache-dir.ts";
import { goVersion, isNewEnough } from "./build-temporal.ts";
import { fail, ok, type Check, warn } from "./check.ts";
import { checkMcp } from "./doctor-mcp.ts";
import { checkModels } from "./doctor-models.ts";
import { checkProxy } from "./doctor-provider.ts";
import { checkRoots } from "./doctor-roots.ts";
import { checkOwnSandbox } from "./doctor-sandbox.ts";
import { checkServices } from "./doctor-services.ts";
import { installedTemporal } from "./find-temporal.ts";
import { changedSettings, liveStack, settingsOf, type StackState } from "./stack-state.ts";
import { openStateFolder } from "./state-folder.ts";

export type { Check } from "./check.ts";

export interface DoctorConfig {
  readonly config: Config;
  /** Where programs are looked for. */
  readonly env: NodeJS.ProcessEnv;
}

/** In the order in which one would mend things. */
export async function inspect({ config, env }: DoctorConfig): Promise<readonly Check[]> {
  const dir = resolve(config.stack.dir);
  const stack = liveStack(dir);
  const isLocal = config.temporal.address === undefined;
  return [
    checkNode(process.versions.node),
    ...(isLocal ? await checkLocalServer(env, dir) : []),
    checkStateDir(dir),
    ...(isLocal ? checkHome(env, dir) : []),
    ...(isLocal ? await checkRoots(config) : []),
    await checkDisk(dir),
    ...(isLocal ? [checkStack(stack, config)] : []),
    ...checkProxy(config),
    ...(await checkServices(stack, config, env)),
    await checkOwnSandbox(sandboxOf(config.tools.sandboxMinTier, env)),
    ...checkModels(config, new Date()),
    ...(await checkMcp(config)),
  ];
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isRecent = major > 20 || (major === 20 && minor >= 19);
  if (isRecent) return ok("node", version);
  return fail("node", `${version} is too old`, "install Node 20.19 or newer");
}

async function checkLocalServer(env: NodeJS.ProcessEnv, dir: string): Promise<readonly Check[]> {
  const [binary, go] = await Promise.all([installedTemporal(env, dir), goVersion(env)]);
  const canBuild = go !== undefined && isNewEnough(go);
  const goCheck = ok("go", go ?? "not there (only needed to build the Temporal CLI)");
  if (binary !== undefined)
    return [ok("temporal cli", `${binary.path}: ${binary.version}`), goCheck];
  const fix = canBuild
    ? "the first run downloads it, or builds it with Go in about 3 minutes"
    : "the first run tries to download it; without a network: https://docs.temporal.io/cli#install";
  return [warn("temporal cli", "not on this machine yet", fix), goCheck];
}

function checkStateDir(dir: string): Check {
  try {
    openStateFolder(dir);
    accessSync(dir, constants.R_OK | constants.W_OK);
    return ok("state folder", dir);
  } catch (error) {
    const why = fileTroubleIn(error) ?? (error instanceof Error ? error.message : String(error));
    return fail("state folder", why, "set PAWL_STATE_DIR to a folder that you may write to");
  }
}

/** Not said of who has one. */
function checkHome(env: NodeJS.ProcessEnv, dir: string): readonly Check[] {
  const cache = cacheDir(env, dir);
  if (!cache.startsWith(dir)) return [];
  return [
    ok("home", `no home folder that can be written to; the Temporal CLI is kept in ${cache}`),
  ];
}

const DISK_MIN_BYTES = 1_000_000_000;

async function checkDisk(dir: string): Promise<Check> {
  const { bavail, bsize } = await statfs(dir).catch(() => statfs("."));
  const free = `${(bavail * bsize * 1e-9).toFixed(1)} GB free`;
  if (bavail * bsize >= DISK_MIN_BYTES) return ok("disk", free);
  return warn("disk", free, "make room: the local stack keeps every run in its state folder");
}

function checkStack(stack: StackState | undefined, config: Config): Check {
  if (stack === undefined) {
    return ok("local stack", "not running; the next `pawl run` starts it");
  }
  const changed = changedSettings(stack.settings, settingsOf(config, resolve(config.stack.dir)));
  const detail = `running since ${stack.startedAt} (pid ${stack.pid})`;
  if (changed.length === 0) return ok("local stack", detail);
  const fix = `it has other settings than this shell: ${changed.join(", ")}; to take those: pawl restart`;
  return warn("local stack", detail, fix);
}
