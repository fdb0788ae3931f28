// What the activities of this worker work with: the stores, the model, and what users have added.

import { AGENTS, listedAgents, type AgentDefinition } from "../../activities/agents.ts";
import type { FilesFolder } from "../../activities/files-folder.ts";
import type { ActivityDeps } from "../../activities/index.ts";
import { builtInSource } from "../../activities/tool-sources/built-in.ts";
import { folderSource } from "../../activities/tool-sources/folder.ts";
import { openMcp } from "../../activities/tool-sources/open-mcp.ts";
import { sandboxedSource } from "../../activities/tool-sources/sandboxed.ts";
import { scrubbedSource } from "../../activities/tool-sources/scrubbed.ts";
import { listedTools, type ToolSource } from "../../activities/tool-sources/tool-source.ts";
import type { Tool } from "../../activities/tools/define-tool.ts";
import type { Config } from "../config.ts";
import type { Duty } from "../domain/duty.ts";
import { keyFor } from "../domain/provider.ts";
import { anthropicBatches } from "../model/anthropic-batches.ts";
import { anthropicModel } from "../model/anthropic.ts";
import { scrubbedBatches, scrubbedModel } from "../model/scrubbed-model.ts";
import type { StreamTimers } from "../model/stream-clock.ts";
import type { AskSandbox } from "../sandbox/choose-sandbox.ts";
import { createArtefacts } from "../store/artefacts.ts";
import { createBatches } from "../store/batches.ts";
import type { Database } from "../store/database.ts";
import { createDeltaWriter } from "../store/delta-writer.ts";
import { createGates } from "../store/gates.ts";
import { createLaneCalls } from "../store/lane-calls.ts";
import { createLedger } from "../store/ledger.ts";
import { createRunRecords } from "../store/run-records.ts";
import { createTenants } from "../store/tenants.ts";
import { createTranscripts } from "../store/transcripts.ts";
import { secretsOf } from "../telemetry/secrets.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { LiveProject } from "../project/live-project.ts";
import { guardedFetch } from "../outbound/guarded-fetch.ts";
import { outboundFetch } from "../outbound/outbound-fetch.ts";
import { proxyFor } from "../outbound/proxies.ts";
import { ownProvider } from "./own-provider.ts";
import { required } from "./required.ts";
import type { SignsOfLife } from "./signs-of-life.ts";

/** What a worker can do for a run besides what comes with Pawl. */
export interface WorkerSkills {
  /** One by the name of a tool of Pawl's takes its place. */
  readonly tools?: readonly Tool[];
  /** Other places to take tools from, asked after Pawl's own. */
  readonly toolSources?: readonly ToolSource[];
  /** In place of Pawl's own and of those in the project folder. */
  readonly agents?: readonly AgentDefinition[];
}

interface Given {
  readonly db: Database;
  readonly duties: readonly Duty[];
  readonly files: FilesFolder;
  readonly project: LiveProject | null;
  readonly askSandbox: AskSandbox;
}

const BYTES_IN_MB = 1024 * 1024;

/** A worker that calls no model needs no key, and has none to lose. */
const NOT_ASKED_HERE = "none";

export function createDeps(
  config: Config,
  telemetry: Telemetry,
  given: WorkerSkills & Given,
): Omit<ActivityDeps, keyof SignsOfLife> {
  const { db, duties, files, project } = given;
  const transcripts = createTranscripts(db, config.worker.transcriptCacheMb * BYTES_IN_MB);
  const callsModels = duties.includes("model");
  const own = ownProvider(config.provider, callsModels);
  // Better now than with the first call.
  if (callsModels && own.baseUrl !== null) proxyFor(new URL(own.baseUrl), config.proxy);
  const send = outboundFetch(config.proxy);
  const secrets = secretsOf(config);
  const provider = {
    apiKey: callsModels ? required("ANTHROPIC_API_KEY", keyFor(config.provider)) : NOT_ASKED_HERE,
    baseUrl: config.provider.baseUrl,
    offline: config.provider.offline,
    fetch: send,
  };
  return {
    config,
    telemetry,
    provider: own,
    fetch: webhookFetch(config),
    providerBatches: scrubbedBatches(anthropicBatches(provider), secrets),
    laneCalls: createLaneCalls(db),
    model: scrubbedModel(anthropicModel({ ...provider, timers: timersOf(config) }), secrets),
    ledger: createLedger(db, transcripts),
    gates: createGates(db),
    transcripts,
    artefacts: createArtefacts(db),
    records: createRunRecords(db),
    batches: createBatches(db),
    tenants: createTenants(db, { isOpen: config.tenants.isOpen }),
    deltas: createDeltaWriter(db),
    files,
    toolSources: [...sourcesOf(config, given), openMcp(config, telemetry)].map((source) =>
      scrubbedSource(source, secrets),
    ),
    agents:
      project === null || given.agents !== undefined
        ? listedAgents(given.agents ?? AGENTS)
        : project.agents,
  };
}

/** Of two tools by one name the first is used. */
function sourcesOf(
  config: Config,
  { duties, files, askSandbox, project, tools = [], toolSources = [] }: WorkerSkills & Given,
): readonly ToolSource[] {
  return [
    listedTools("own", tools),
    ...(project === null ? [] : [folderSource(project.tools)]),
    builtInSource(config, files),
    sandboxedSource(askSandbox, duties.includes("tools")),
    ...toolSources,
  ];
}

/** The address that the operator named may be an inner one. What it answers is read by nobody. */
function webhookFetch({ approvals: { webhookUrl }, proxy }: Config): typeof fetch {
  const namedOrigins = webhookUrl === undefined ? [] : [new URL(webhookUrl).origin];
  return guardedFetch({ proxy, namedOrigins, bodyBytesMax: 0, timeoutMs: 10_000 });
}

function timersOf({ timers }: Config): StreamTimers {
  return {
    firstByteMs: timers.firstByteTimeoutMs,
    idleMs: timers.idleTimeoutMs,
    progressMs: timers.progressTimeoutMs,
    totalMs: timers.callTimeoutMs,
  };
}
