// Builds the Temporal CLI with the Go toolchain, where there is one. Fixed to v1.5.1: later versions
// have a local `replace` in their go.mod, which `go install` refuses.

import { join } from "node:path";
import type { OnProgress } from "./on-progress.ts";
import { runCommand } from "./run-command.ts";

const MODULE = "github.com/temporalio/cli/cmd/temporal@v1.5.1";
const GO_MINOR_MIN = 25;
const BUILD_TIMEOUT_MS = 20 * 60_000;
const PROGRESS_EVERY_MS = 15_000;

/** Returns the path of the binary, below `workDir`. */
export async function buildTemporal(
  workDir: string,
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
): Promise<string> {
  const version = await goVersion(env);
  if (version === undefined) throw new Error("there is no Go toolchain");
  if (!isNewEnough(version)) throw new Error(`Go is ${version}; 1.${GO_MINOR_MIN} is needed`);
  onProgress("Building the Temporal dev server with Go: about 3 minutes, once …");
  const startedAt = Date.now();
  const ticker = setInterval(() => {
    onProgress(`Still building Temporal (${Math.round((Date.now() - startedAt) / 1000)} s) …`);
  }, PROGRESS_EVERY_MS);
  try {
    await runCommand("go", ["install", MODULE], {
      timeoutMs: BUILD_TIMEOUT_MS,
      // Outside of the project, so that no go.mod or go.work of the user's takes part.
      cwd: workDir,
      env: { ...env, GOBIN: workDir, GOWORK: "off", CGO_ENABLED: "0" },
    });
  } finally {
    clearInterval(ticker);
  }
  return join(workDir, process.platform === "win32" ? "temporal.exe" : "temporal");
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
