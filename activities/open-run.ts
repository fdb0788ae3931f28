// Pins the agent of a run: whatever the worker, its environment or its code become later, this run
// keeps the instructions, tools, limits and timers that are resolved here, once.

import type { Config } from "../src/config.ts";
import { summaryMark } from "../src/domain/run/summary.ts";
import { ruleFor, type RuleByTool } from "../src/domain/guardrail.ts";
import { lowered, type Limits } from "../src/domain/limits.ts";
import { specOf } from "../src/domain/pricing.ts";
import { taskMessage } from "../src/domain/run/order.ts";
import { checkSize, type Opened, type Snapshot } from "../src/domain/run/snapshot.ts";
import type { RunInput } from "../src/domain/run/carried.ts";
import type { ServerTool, ToolSpec } from "../src/domain/tool.ts";
import { present } from "../src/domain/present.ts";
import { nextHead, refOf } from "../src/store/transcripts.ts";
import type { AgentDefinition } from "./agents.ts";
import { asFailures, failure, thisAttempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";
import { fallbacksFor } from "./fallbacks.ts";
import { modelFor, routingFor } from "./model-policy.ts";
import { anthropicWebSearch } from "./tools/web-search.ts";

/** Each holds its price and its allowance of tokens; a model that wants more searches calls again. */
const SEARCHES_PER_CALL = 3;

export function createOpenRun(deps: ActivityDeps) {
  return async function openRun(input: RunInput): Promise<Opened> {
    const { runId } = thisAttempt();
    const agent = deps.agents.find(({ name }) => name === input.agent);
    if (agent === undefined) {
      const known = deps.agents.map(({ name }) => name).join(", ");
      throw failure("UNKNOWN_AGENT", `There is no agent ${input.agent}. There are: ${known}.`);
    }
    const snapshot = await asFailures(async () => {
      const pinned = pin(agent, input, deps);
      checkSize(pinned);
      return pinned;
    });
    const body = JSON.stringify(snapshot);
    const genesis = refOf(body);
    const head = nextHead("", genesis);
    const task = JSON.stringify(taskMessage(input));
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
      costCapMicroUsd: snapshot.limits.costMicroUsd,
    });
    return { snapshot, head, taskRef };
  };
}

function pin(agent: AgentDefinition, input: RunInput, { config, tools }: ActivityDeps): Snapshot {
  const model = modelFor(input, agent, config);
  const routing = routingFor(model, { input, agent, config });
  const wanted = [model, ...Object.values(routing?.models ?? {})];
  const fallbacks = fallbacksFor([...new Set(wanted)], agent, config);
  const allowed = config.agent.allowedTools ?? agent.tools;
  const policy = policyOf(agent, input, { config, tools });
  const ofAgent = agent.limits ?? {};
  // What is denied is not even offered; a model that calls it all the same is told why not.
  const offered = agent.tools.filter((name) => allowed.includes(name) && policy[name] !== "deny");
  const searches = offered.includes("web_search") ? serverSearch(config) : [];
  const onServer = searches.map(({ name }) => name);
  // Nobody can be asked about a call that the provider makes by itself.
  const serverTools = searches.filter(({ name }) => policy[name] !== "ask");
  const specs = offered
    .filter((name) => !onServer.includes(name))
    .map((name) => tools.find(({ spec }) => spec.name === name)?.spec)
    .filter((spec) => spec !== undefined);
  const { contextTokens } = specOf(model);
  const limits = lowered(lowered(operatorLimits(config), ofAgent), input.limits);
  return {
    agent: agent.name,
    model,
    ...(routing === null ? {} : { routing }),
    ...(fallbacks === null ? {} : { fallbacks }),
    instructions: agent.instructions,
    tools: specs.map((spec) => withinToolTimeout(spec, config)),
    serverTools,
    limits,
    ...contextTerms(config, limits, contextTokens),
    ...present({ agentCapMicroUsd: ofAgent.costMicroUsd }),
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
    offline: config.provider.offline,
    policy,
    ...batchLane(config, input),
    wrapUp: config.agent.wrapUp && input.onLimit === "stop",
    approvals: {
      timeoutMs: config.approvals.timeoutMs,
      webhook: config.approvals.webhookUrl !== undefined,
    },
  };
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

/** A caller who denies a tool that nobody knows has misspelt one, and would get what was to be denied. */
function policyOf(
  agent: AgentDefinition,
  { policy: caller = {} }: RunInput,
  { config, tools }: Pick<ActivityDeps, "config" | "tools">,
): RuleByTool {
  const known = tools.map(({ spec }) => spec);
  const unknown = [...(caller.ask ?? []), ...(caller.deny ?? [])].find(
    (name) => !known.some((spec) => spec.name === name),
  );
  if (unknown !== undefined) {
    const names = known.map(({ name }) => name).join(", ");
    throw failure(
      "USAGE",
      `The policy names ${unknown}, and there is no such tool. There are: ${names}.`,
    );
  }
  const layers = { operator: config.tools.policy ?? {}, agent: agent.policy ?? {}, caller };
  return Object.fromEntries(
    known
      .filter(({ name }) => agent.tools.includes(name))
      .map((spec) => [spec.name, ruleFor(spec, layers)]),
  );
}

/** The provider searches the web itself where there is one; offline the bundled corpus must do. */
function serverSearch(config: Config): readonly ServerTool[] {
  if (config.provider.offline) return [];
  return [
    anthropicWebSearch({
      maxUses: SEARCHES_PER_CALL,
      blockedDomains: config.tools.blockedDomains,
    }),
  ];
}

function withinToolTimeout(spec: ToolSpec, config: Config): ToolSpec {
  return { ...spec, timeoutMs: Math.min(spec.timeoutMs, config.timers.toolTimeoutMs) };
}

function operatorLimits(config: Config): Limits {
  return {
    costMicroUsd: config.caps.runMicroUsd,
    tokens: config.agent.maxTokens,
    modelCalls: config.agent.maxCalls,
    toolCalls: config.agent.maxToolCalls,
    requestTokens: config.agent.maxRequestTokens,
    replyTokens: config.agent.maxReplyTokens,
    wallClockMs: null,
  };
}
