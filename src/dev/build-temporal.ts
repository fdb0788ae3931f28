// Builds the Temporal CLI with the Go toolchain, where there is one. Versions later than 1.5.1 have a local
// `replace` in their go.mod, which `go install` refuses. Go checks what it gets against its public checksum log.

import { join } from "node:path";
import type { OnProgress } from "./on-progress.ts";
import { runCommand } from "./run-command.ts";
import { TEMPORAL_VERSION } from "./temporal-release.ts";

const MODULE = `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_VERSION}`;
const GO_MINOR_MIN = 25;
const BUILD_TIMEOUT_MS = 20 * 60_000;
const PROGRESS_EVERY_MS = 10_000;
/** What MODULE is made of, Go's own library included; a part may be there from an earlier build. */
const PACKAGES = 1297;
/** Before so many are there, what is left can't be told from them. */
const PACKAGES_TELLING = 100;

/** Returns the path of the binary, below `workDir`. */
export async function buildTemporal(
  workDir: string,
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
): Promise<string> {
  const version = await goVersion(env);
  if (version === undefined) throw new Error("there is no Go toolchain");
  if (!isNewEnough(version)) throw new Error(`Go is ${version}; 1.${GO_MINOR_MIN} is needed`);
  onProgress("Building the Temporal dev server with Go: about 3 minutes on two cores, once …");
  const startedAt = Date.now();
  const build = { downloaded: 0, compiled: 0 };
  const ticker = setInterval(
    () => onProgress(buildProgress(build, (Date.now() - startedAt) / 1000)),
    PROGRESS_EVERY_MS,
  );
  try {
    await runCommand("go", ["install", "-v", MODULE], {
      timeoutMs: BUILD_TIMEOUT_MS,
      // Outside of the project, so that no go.mod or go.work of the user's takes part.
      cwd: workDir,
      env: { ...env, GOBIN: workDir, GOWORK: "off", CGO_ENABLED: "0" },
      onErrorLine: (line) => {
        if (line.startsWith("go: downloading")) build.downloaded += 1;
        else build.compiled += 1;
      },
    });
  } finally {
    clearInterval(ticker);
  }
  return join(workDir, process.platform === "win32" ? "temporal.exe" : "temporal");
}

/** How far a build is, since when, and about how long it still takes. */
export function buildProgress(
  { downloaded, compiled }: { readonly downloaded: number; readonly compiled: number },
  seconds: number,
): string {
  const since = `${Math.round(seconds)} s`;
  if (compiled === 0) return `Building Temporal: downloaded ${downloaded} modules in ${since} …`;
  const done = `Building Temporal: ${compiled} of ${PACKAGES} packages in ${since}`;
  if (compiled < PACKAGES_TELLING) return `${done} …`;
  if (compiled >= PACKAGES) return `${done}, now it is linked …`;
  const left = (seconds / compiled) * (PACKAGES - compiled);
  return `${done}, about ${Math.ceil(left / 10) * 10} s to go …`;
}

/** e.g. `1.26.8`; undefined where there is no Go. */
export async function goVersion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const said = await runCommand("go", ["env", "GOVERSION"], { timeoutMs: 10_000, env });
    return /go([\d.]+)/.exec(said)?.[1];
  } catch {
    return undefined;
  }
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 1 || (major === 1 && minor >= GO_MINOR_MIN);
}
