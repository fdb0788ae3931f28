// What the processes themselves do: batches above runs, workers, the gateway, the local stack.

import type { BatchOutcome, EndedCounts } from "../domain/batch.ts";
import type { Duty } from "../domain/duty.ts";
import type { ErrorCode } from "../domain/errors.ts";
import { endingText, type EndingModel } from "../domain/model-end.ts";
import type { LostLines } from "./line-writer.ts";
import { alert, error, info, warn, type Tellings } from "./telling.ts";

interface AboutPart {
  readonly part: string;
}

export interface ProcessEvents {
  /** Of this log: its disk was full, or its reader too slow. */
  log_lost: LostLines;
  log_reopened: object;
  log_not_reopened: { readonly error: unknown };
  memory_tight: { readonly message: string };

  batch_start: {
    readonly batchId: string;
    readonly tenant: string;
    readonly items: number;
    readonly concurrency: number;
    readonly capMicroUsd: number | null;
  };
  batch_end: EndedCounts & {
    readonly batchId: string;
    readonly outcome: BatchOutcome["kind"];
    readonly notStarted: number;
    readonly costMicroUsd: number;
    readonly latencyMs: number;
  };

  worker_ready: { readonly taskQueue: string; readonly duties: readonly Duty[] };
  /** It was told to end. */
  worker_draining: { readonly underWay: number; readonly graceMs: number };
  worker_ended: { readonly givenUp: number; readonly graceMs: number };
  /** How the build of a worker stands: new runs go to the one that is current. */
  worker_build: {
    readonly deployment: string;
    readonly buildId: string;
    readonly isCurrent: boolean;
    readonly rampPercent: number | null;
    /** Null where no build is. */
    readonly currentBuildId: string | null;
    readonly makeCurrent: string;
  };
  worker_build_unknown: {
    readonly deployment: string;
    readonly buildId: string;
    readonly error: unknown;
  };
  /** Of the project folder; a mistake is told once. */
  project_loaded: {
    readonly dir: string;
    readonly agents: readonly string[];
    readonly tools: readonly string[];
  };
  project_mistake: { readonly message: string };
  worker_waiting: { readonly code: ErrorCode; readonly message: string };
  /** Files of runs; see src/worker/tell-of-files.ts. */
  files_unusable: { readonly dir: string; readonly why: string };
  files_apart: { readonly dir: string; readonly elsewhere: readonly string[] };
  files_moved: { readonly dir: string; readonly before: string };
  /** Behind which lock this worker runs code; see src/worker/tell-of-sandbox.ts. */
  sandbox_holds: { readonly tier: string; readonly detail: string };
  sandbox_missing: { readonly why: string };
  sandbox_failed: { readonly error: unknown };
  /** Of `.mcp.json`: a server in which there is a mistake is none. */
  mcp_config_wrong: { readonly message: string };
  mcp_config_note: { readonly message: string };
  /** Runs that were opened meanwhile go without its tools. */
  mcp_server_away: { readonly server: string; readonly error: unknown };
  /** Each with why. */
  mcp_tools_left_out: { readonly server: string; readonly tools: readonly string[] };
  /** The provider ends it soon, or has: runs that want it will fail, or ask another. */
  model_ending: EndingModel;
  /** The attempts of this worker live on all the same; others may take them for dead once it has run out. */
  lease_not_renewed: {
    readonly leaseId: string;
    readonly endsInMs: number;
    readonly error: unknown;
  };
  lease_renewed: { readonly leaseId: string; readonly lateByMs: number };
  /** Whose attempts are elsewhere hear of it with the answer to their next heartbeat. */
  stop_not_told: { readonly executionId: string; readonly error: unknown };
  holds_swept: { readonly lost: number };
  sweep_failed: { readonly error: unknown };
  /** Rows, runs and days that were older than PAWL_KEEP_DAYS. */
  retention_end: {
    readonly forgotten: Readonly<Record<string, number>>;
    readonly latencyMs: number;
  };
  retention_failed: { readonly error: unknown };
  cost_alert: {
    readonly tenant: string;
    readonly spentMicroUsd: number;
    /** A day's, over the week before. */
    readonly averageMicroUsd: number;
  };

  gateway_ready: { readonly url: string; readonly door: "keys" | "token" | "open" };
  gateway_draining: object;
  gateway_ended: object;
  watch_failed: { readonly runId: string; readonly error: unknown };
  spill_failed: { readonly runId: string; readonly error: unknown };
  http_request: {
    readonly requestId: string;
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
    readonly runId: string | undefined;
    readonly tenant?: string;
    /** Null where nobody showed a key. */
    readonly keyId?: string | null;
    /** Where the caller is; only of those who were refused for want of a key, or for asking too often. */
    readonly address?: string;
  };
  http_trouble: {
    readonly requestId: string;
    readonly code: ErrorCode;
    readonly error: unknown;
  };

  /** A line for whoever waits for the stack: `ensureStack` reads it in the log. */
  stack_progress: { readonly pid: number; readonly message: string };
  stack_failed: { readonly pid: number; readonly code: ErrorCode; readonly message: string };
  stack_ending: { readonly why: string };
  part_ready: AboutPart & { readonly readyAfterS: string };
  part_died: AboutPart & {
    readonly how: string;
    readonly livedMs: number;
    readonly restartInMs: number;
  };
  part_missing: AboutPart & { readonly message: string };
}

export const PROCESS_TELLINGS: Tellings<ProcessEvents> = {
  log_lost: ({ lines, from, until }) =>
    error(
      lines === 1
        ? `1 line was lost at ${from}`
        : `${lines.toLocaleString("en-US")} lines were lost between ${from} and ${until}`,
    ),
  log_reopened: () => info("the log was opened again by its name"),
  log_not_reopened: () => warn("the log can't be opened again, and goes on where it was"),
  memory_tight: ({ message }) => warn(message),

  batch_start: () => info("a batch begins"),
  batch_end: () => info("the batch ended"),

  worker_ready: () => info("polling for runs"),
  worker_draining: ({ underWay, graceMs }) =>
    info(`takes nothing new; ${callsIn(underWay)} under way, with ${graceMs / 1000} s to end`),
  worker_ended: ({ givenUp, graceMs }) =>
    givenUp === 0
      ? info("the worker has ended, and gave up nothing")
      : warn(
          `the worker has ended, and gave up ${callsIn(givenUp)} after ${graceMs / 1000} s (PAWL_SHUTDOWN_GRACE_MS)`,
        ),
  worker_build: (told) =>
    told.isCurrent
      ? info(`build ${told.buildId} of ${told.deployment} is current: new runs come to it`)
      : warn(notCurrentText(told)),
  worker_build_unknown: ({ buildId }) =>
    warn(`whether build ${buildId} is current can't be asked: pawl doctor`),
  project_loaded: ({ agents, tools }) =>
    info(`the project has ${agents.length} agents and ${tools.length} tools`),
  project_mistake: ({ message }) => warn(message),
  worker_waiting: ({ message }) => warn(message),
  files_unusable: ({ dir, why }) =>
    warn(
      `no run can write a file here: ${dir} can't be used: ${why}. Set PAWL_FILES_DIR to a folder that this user may write to, and start this worker again`,
    ),
  files_apart: ({ dir, elsewhere }) =>
    warn(
      `other workers keep the files of runs elsewhere (${elsewhere.join(", ")}), so that some of a run's are not in ${dir}. Give all of them one folder: docs/deploy.md`,
    ),
  files_moved: ({ dir, before }) =>
    warn(
      `the workers before kept the files of runs elsewhere (${before}): those of earlier runs are not in ${dir}`,
    ),
  sandbox_holds: ({ tier, detail }) => info(`code runs behind the lock ${tier}: ${detail}`),
  sandbox_missing: ({ why }) =>
    warn(`run_code is not offered by this worker, for no lock holds here: ${why}`),
  sandbox_failed: () => warn("a program could not be locked in, and was not run"),
  mcp_config_wrong: ({ message }) => warn(message),
  mcp_config_note: ({ message }) => info(message),
  mcp_server_away: ({ server }) =>
    warn(`the MCP server ${server} does not answer: a run that begins now has none of its tools`),
  mcp_tools_left_out: ({ server, tools }) =>
    warn(`tools of the MCP server ${server} are not offered: ${tools.join("; ")}`),
  model_ending: (ending) => warn(endingText(ending)),
  lease_not_renewed: ({ endsInMs }) =>
    warn(
      endsInMs > 0
        ? "this worker's lease was not renewed; tried again"
        : "this worker's lease has run out: its calls may be taken for lost; tried again",
    ),
  lease_renewed: () => warn("this worker's lease is renewed again"),
  stop_not_told: () => warn("other workers were not told to stop what a run has at work"),
  holds_swept: () => warn("holds of dead attempts are lost"),
  sweep_failed: () => warn("tries again in a minute"),
  retention_end: () => info("what is older than PAWL_KEEP_DAYS is gone"),
  retention_failed: () => warn("what is old stays for some hours more"),
  cost_alert: () => alert(warn("a tenant has spent more than three times its daily average")),

  gateway_ready: ({ url, door }) =>
    door === "open"
      ? warn(`the gateway serves ${url} to whoever reaches it: it was told to be open`)
      : info(`the gateway serves ${url}`),
  gateway_draining: () => info("the gateway takes nothing new"),
  gateway_ended: () => info("the gateway has ended"),
  watch_failed: () => warn("its viewers come back by themselves"),
  spill_failed: () => warn("late viewers read the run's history instead; is there room in TMPDIR?"),
  http_request: ({ method, route, status }) => info(`${method} ${route} ${status}`),
  http_trouble: ({ code, error: what }) => {
    const message = what instanceof Error ? what.message : String(what);
    return code === "INTERNAL" ? error(message) : warn(message);
  },

  stack_progress: ({ message }) => info(message),
  stack_failed: ({ message }) => error(message),
  stack_ending: ({ why }) => info(`the local stack ends: ${why}`),
  part_ready: ({ part }) => info(`${part} serves`),
  part_died: ({ part, how }) => warn(`${part} ended (${how}); it is started again`),
  part_missing: ({ message }) => warn(message),
};

function callsIn(n: number): string {
  return n === 1 ? "1 call" : `${n} calls`;
}

function notCurrentText(told: ProcessEvents["worker_build"]): string {
  const { buildId, rampPercent, currentBuildId, makeCurrent } = told;
  const share =
    rampPercent === null ? "no new run comes to it" : `${rampPercent} % of new runs come to it`;
  const whose = currentBuildId === null ? "no build is" : `build ${currentBuildId} is`;
  return `build ${buildId} is not current (${whose}): ${share}. To make it so: ${makeCurrent}`;
}
