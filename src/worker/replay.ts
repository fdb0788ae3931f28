// Replays recorded histories against today's workflow code: the guard of determinism.

import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DefaultLogger, Runtime, Worker, type ReplayWorkerOptions } from "@temporalio/worker";
import { PawlError } from "../domain/errors.ts";
import { packageFile } from "../package-root.ts";
import { DATA_CONVERTER } from "../temporal/data-converter.ts";
import { BUNDLE_FILE } from "./bundle-file.ts";

export interface ReplayReport {
  readonly file: string;
  readonly workflowId: string;
  /** Null where today's code takes the same steps. */
  readonly error: string | null;
}

/** One history, or a whole run as `pawl export` writes it: one history per continue-as-new. */
type Recorded =
  { readonly histories: readonly unknown[] } | { readonly events: readonly unknown[] };

/** Files and folders of `*.json`. Throws PawlError USAGE where there is nothing to replay. */
export async function replayHistories(
  paths: readonly string[],
  options: ReplayWorkerOptions = ownWorkflows(),
): Promise<readonly ReplayReport[]> {
  const files = (await Promise.all(paths.map(jsonFilesIn))).flat();
  if (files.length === 0) {
    throw new PawlError("USAGE", `There is no history to replay in ${paths.join(", ")}.`);
  }
  beQuiet();
  const reports: ReplayReport[] = [];
  for (const file of files) {
    const histories = historiesOf(await readFile(file, "utf8"), file);
    const named = histories.map((history, index) => ({ workflowId: `${file}#${index}`, history }));
    const told = { dataConverter: DATA_CONVERTER, ...options };
    for await (const result of Worker.runReplayHistories(told, named)) {
      reports.push({
        file,
        workflowId: result.workflowId,
        error: result.error?.message ?? null,
      });
    }
  }
  return reports;
}

let isQuiet = false;

/** The reports say it all; the SDK would tell each worker's life on stderr. Once a process. */
function beQuiet(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({
    logger: new DefaultLogger("ERROR", () => undefined),
    telemetryOptions: { logging: { forward: {}, filter: { core: "ERROR", other: "ERROR" } } },
  });
}

function ownWorkflows(): ReplayWorkerOptions {
  return existsSync(BUNDLE_FILE)
    ? { workflowBundle: { codePath: BUNDLE_FILE } }
    : { workflowsPath: packageFile("workflows/index.ts") };
}

async function jsonFilesIn(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new PawlError("USAGE", `There is no file or folder ${path}.`);
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith(".json"));
  return names.toSorted().map((name) => join(path, name));
}

function historiesOf(text: string, file: string): readonly unknown[] {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the SDK validates each history
    const recorded = JSON.parse(text) as Recorded;
    return "histories" in recorded ? recorded.histories : [recorded];
  } catch (error) {
    throw new PawlError("USAGE", `${file} is no recorded history.`, { cause: error });
  }
}
