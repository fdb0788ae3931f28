// Replays recorded histories against today's workflow code: the guard of determinism.

import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { historyFromJSON } from "@temporalio/common/lib/proto-utils.js";
import { DefaultLogger, Runtime, Worker, type ReplayWorkerOptions } from "@temporalio/worker";
import { fileTroubleIn } from "../domain/file-trouble.ts";
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

/**
 * Files and folders of `*.json`: each one history, or a whole run as `pawl export` writes it, one history per
 * continue-as-new. Throws PawlError USAGE where there is nothing to replay.
 */
export async function replayHistories(
  paths: readonly string[],
  options: ReplayWorkerOptions = ownWorkflows(),
): Promise<readonly ReplayReport[]> {
  const files = (await Promise.all(paths.map(jsonFilesIn))).flat();
  if (files.length === 0) {
    const message = `There is no history to replay in ${paths.join(", ")}.`;
    throw new PawlError("USAGE", message, { next: MAKE_ONE });
  }
  beQuiet();
  const reports: ReplayReport[] = [];
  for (const file of files) {
    const histories = historiesOf(await textIn(file), file);
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
  if (found === null) throw new PawlError("FILE_UNUSABLE", `There is no file or folder ${path}.`);
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith(".json"));
  return names.toSorted().map((name) => join(path, name));
}

async function textIn(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const why = fileTroubleIn(error, file);
    throw why === null ? error : new PawlError("FILE_UNUSABLE", why, { cause: error });
  }
}

const MAKE_ONE = "make one: pawl export RUN --out FILE";

function historiesOf(text: string, file: string): readonly unknown[] {
  try {
    const recorded: unknown = JSON.parse(text);
    const histories = isExport(recorded) ? recorded.histories : [recorded];
    if (histories.length === 0) throw new Error("it holds none");
    for (const history of histories) checkHistory(history);
    return histories;
  } catch (error) {
    const message = `${file} is no recorded history.`;
    throw new PawlError("USAGE", message, { cause: error, next: MAKE_ONE });
  }
}

function isExport(recorded: unknown): recorded is { readonly histories: readonly unknown[] } {
  return isObject(recorded) && Array.isArray(recorded["histories"]);
}

/** Throws where the SDK could not even begin to replay it. */
function checkHistory(history: unknown): void {
  const { events } = historyFromJSON(history);
  const began = events?.[0]?.workflowExecutionStartedEventAttributes;
  if (began == null) throw new Error("it does not begin with the start of a workflow");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
