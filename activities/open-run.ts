// Pins the agent of a run: whatever the worker, its environment or its code become later, this run
// keeps the instructions, tools, limits and timers that are resolved here, once.

import type { Config } from "../src/config.ts";
import { admit } from "../src/domain/input-rules.ts";
import { lowered, type Limits } from "../src/domain/limits.ts";
import { endBefore, endedText } from "../src/domain/model-end.ts";
import { pinnedModels, specOf, type ModelTable } from "../src/domain/model-table.ts";
import { taskMessage } from "../src/domain/run/order.ts";
import { checkSize, type Opened, type Snapshot } from "../src/domain/run/snapshot.ts";
import type { RunInput } from "../src/domain/run/carried.ts";
import { didYouMean } from "../src/domain/nearest-word.ts";
import { present } from "../src/domain/present.ts";
import type { OwnProvider, Provider } from "../src/domain/provider.ts";
import { limitsWithin, summaryMark } from "../src/domain/window.ts";
import { nextHead, refOf } from "../src/store/transcripts.ts";
import type { AgentDefinition, AgentSource } from "./agents.ts";
import { asFailures, failure, thisAttempt } from "./attempt.ts";
import { checkPayer } from "./check-payer.ts";
import type { ActivityDeps } from "./deps.ts";
import { fallbacksFor } from "./fallbacks.ts";
import { toolsFor } from "./offered-tools.ts";
import { modelFor, routingFor } from "./model-policy.ts";

export function createOpenRun(deps: ActivityDeps) {
  return async function openRun(input: RunInput): Promise<Opened> {
    const { runId } = thisAttempt();
    await asFailures(() => checkPayer(deps.tenants, input));
    const agent = await agentNamed(input.agent, deps.agents);
    const { findings } = await asFailures(async () => admit(input.task, deps.config.input));
    const flagged = findings.length === 0 ? undefined : findings;
    const snapshot = await asFailures(async () => {
      const pinned = await pin(agent, input, deps);
      checkSize(pinned);
      return pinned;
    });
    const body = JSON.stringify(snapshot);
    const genesis = refOf(body);
    const head = nextHead("", genesis);
    const task = JSON.stringify(taskMessage(input, flagged));
    const taskRef = refOf(task);
    await deps.transcripts.put(
      [
        { runId, ref: genesis, body },
        { runId, ref: taskRef, body: task },
      ],
      [{ runId, prevHead: "", ref: genesis, head }],
    );
    deps.telemetry.emit({
      event: "run_start",
      runId,
      traceId: input.traceId,
      tenant: input.tenant,
      session: input.session,
      agent: agent.name,
      model: snapshot.model,
      tools: snapshot.tools.map(({ name }) => name),
      policy: snapshot.policy,
      permission: snapshot.permission?.lowest,
      costCapMicroUsd: snapshot.limits.costMicroUsd,
    });
    return { snapshot, head, taskRef, ...present({ flagged }) };
  };
}

async function agentNamed(wanted: string, agents: AgentSource): Promise<AgentDefinition> {
  const known = await agents.list();
  const agent = known.find(({ name }) => name === wanted);
  if (agent !== undefined) return agent;
  const names = known.map(({ name }) => name);
  const mistakes = agents.whyNot(wanted);
  const why = mistakes.map((mistake) => ` ${mistake}`).join("") || didYouMean(wanted, names);
  throw failure(
    "UNKNOWN_AGENT",
    `There is no agent ${wanted}.${why} There are: ${names.join(", ")}.`,
  );
}

async function pin(
  agent: AgentDefinition,
  input: RunInput,
  { config, toolSources, provider }: ActivityDeps,
): Promise<Snapshot> {
  const { table } = config.models;
  const model = modelFor(input, agent, config);
  const routing = routingFor(model, { input, agent, config });
  const wanted = [model, ...Object.values(routing?.models ?? {})];
  const fallbacks = fallbacksFor([...new Set(wanted)], agent, config);
  if (fallbacks?.chains[model]?.[0] === undefined) checkServed(table, model);
  const ofAgent = agent.limits ?? {};
  const { contextTokens, replyTokensMax } = specOf(table, model);
  const asked = lowered(lowered(operatorLimits(config), ofAgent), input.limits);
  const limits = limitsWithin(lowered(asked, { replyTokens: replyTokensMax }), contextTokens);
  const { tenant } = input;
  const terms = { agent, tenant, models: wanted, costCapMicroUsd: limits.costMicroUsd };
  const offered = await toolsFor(terms, input, { toolSources, config });
  const askable = [...wanted, ...Object.values(fallbacks?.chains ?? {}).flat()];
  return {
    agent: agent.name,
    model,
    ...(routing === null ? {} : { routing }),
    ...(fallbacks === null ? {} : { fallbacks }),
    ...present({ models: pinnedModels(table, askable) }),
    instructions: agent.instructions,
    ...offered,
    limits,
    ...contextTerms(config, limits, contextTokens),
    operatorCapMicroUsd: config.caps.runMicroUsd,
    ...present({
      callerCapMicroUsd: input.limits.costMicroUsd,
      agentCapMicroUsd: ofAgent.costMicroUsd,
      onFailure: input.onFailure ?? agent.onFailure,
    }),
    timers: {
      heartbeatTimeoutMs: config.timers.heartbeatTimeoutMs,
      callTimeoutMs: config.timers.callTimeoutMs,
      retryInitialMs: config.retries.initialMs,
      retryAttemptsMax: config.retries.maxAttempts,
    },
    historyMarks: {
      events: config.history.maxEvents,
      bytes: config.history.maxBytes,
    },
    provider: pinnedProvider(provider),
    ...batchLane(config, input),
    ...(config.input.mode === "off" && { inputAsIs: true }),
    wrapUp: config.agent.wrapUp && input.onLimit === "stop",
    approvals: {
      timeoutMs: config.approvals.timeoutMs,
      webhook: config.approvals.webhookUrl !== undefined,
    },
  };
}

/** Where nobody stands in for it, a model that has ended is better told of than asked. */
function checkServed(table: ModelTable, model: string): void {
  const end = endBefore(specOf(table, model), new Date().toISOString());
  if (end !== null) throw failure("MODEL_RETIRED", endedText(model, end));
}

/** Without what is this worker's own affair. */
function pinnedProvider({ isOffline, baseUrl, keyFingerprint }: OwnProvider): Provider {
  return { isOffline, baseUrl, keyFingerprint };
}

function batchLane(config: Config, { canWait }: RunInput): Pick<Snapshot, "batchLane"> {
  if (canWait === undefined) return {};
  const firstLookMs = config.timers.batchFirstLookMs;
  return { batchLane: { firstLookMs, canWaitForMs: canWait.forMs } };
}

function contextTerms(
  { agent: { compaction, cacheTtl } }: Config,
  limits: Limits,
  contextTokens: number,
): Pick<Snapshot, "compactAtTokens" | "cacheTtl"> {
  const compactAtTokens = compaction ? summaryMark(limits, contextTokens) : null;
  return {
    ...(compactAtTokens === null ? {} : { compactAtTokens }),
    ...(cacheTtl === "5m" ? {} : { cacheTtl }),
  };
}

function operatorLimits({ caps, limits }: Config): Limits {
  return { costMicroUsd: caps.runMicroUsd, ...limits, wallClockMs: null };
}
