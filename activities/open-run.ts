// Pins the agent of a run: whatever the worker, its environment or its code become later, this run
// keeps the instructions, tools, limits and timers that are resolved here, once.

import type { Config } from "../src/config.ts";
import { compactionMark } from "../src/domain/compaction.ts";
import { ruleFor, type RuleByTool } from "../src/domain/guardrail.ts";
import { lowered, type Limits } from "../src/domain/limits.ts";
import { specOf } from "../src/domain/pricing.ts";
import {
  taskMessage,
  type OpenRunResult,
  type RunInput,
  type Snapshot,
} from "../src/domain/run.ts";
import type { ServerTool, ToolSpec } from "../src/domain/tool.ts";
import { nextHead, refOf } from "../src/store/transcripts.ts";
import type { AgentDefinition } from "./agents.ts";
import { asFailures, failure, thisAttempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";
import { fallbacksFor } from "./fallbacks.ts";
import { modelFor, routingFor } from "./routing.ts";
import { anthropicWebSearch, searchesPerCall } from "./tools/web-search.ts";

export function createOpenRun(deps: ActivityDeps) {
  return async function openRun(input: RunInput): Promise<OpenRunResult> {
    const { runId } = thisAttempt();
    const agent = deps.agents.find(({ name }) => name === input.agent);
    if (agent === undefined) {
      const known = deps.agents.map(({ name }) => name).join(", ");
      throw failure("UNKNOWN_AGENT", `There is no agent ${input.agent}. There are: ${known}.`);
    }
    const snapshot = await asFailures(async () => pin(agent, input, deps));
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
    deps.log.info(
      {
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
      },
      "a run begins",
    );
    return { snapshot, head, taskRef };
  };
}

function pin(agent: AgentDefinition, input: RunInput, { config, tools }: ActivityDeps): Snapshot {
  const model = modelFor(input, agent, config);
  const routing = routingFor(model, { input, agent, config });
  const wanted = [model, ...Object.values(routing?.models ?? {})];
  const fallbacks = fallbacksFor([...new Set(wanted)], agent, config);
  const allowed = config.PAWL_AGENT_ALLOWED_TOOLS ?? agent.tools;
  const policy = policyOf(agent, input, { config, tools });
  const ofAgent = agent.limits ?? {};
  // What is denied is not even offered; a model that calls it all the same is told why not.
  const offered = agent.tools.filter((name) => allowed.includes(name) && policy[name] !== "deny");
  const limits = lowered(lowered(operatorLimits(config), ofAgent), input.limits);
  // The provider searches the web itself where there is one; offline the bundled corpus must do.
  const onServer = config.PAWL_OFFLINE_MODEL ? [] : ["web_search"];
  const searches = onServer
    .filter((name) => offered.includes(name))
    .flatMap(() => serverSearch(config, searchesPerCall(limits.costMicroUsd, wanted)));
  // Nobody can be asked about a call that the provider makes by itself.
  const serverTools = searches.filter(({ name }) => policy[name] !== "ask");
  const specs = offered
    .filter((name) => !onServer.includes(name))
    .map((name) => tools.find(({ spec }) => spec.name === name)?.spec)
    .filter((spec) => spec !== undefined);
  const { contextTokens } = specOf(model);
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
    ...(ofAgent.costMicroUsd === undefined ? {} : { agentCapMicroUsd: ofAgent.costMicroUsd }),
    timers: {
      heartbeatTimeoutMs: config.PAWL_HEARTBEAT_TIMEOUT_MS,
      callTimeoutMs: config.PAWL_CALL_TIMEOUT_MS,
      retryInitialMs: config.PAWL_RETRY_INITIAL_MS,
      retryAttemptsMax: config.PAWL_RETRY_MAX_ATTEMPTS,
    },
    historyMarks: {
      events: config.PAWL_HISTORY_MAX_EVENTS,
      bytes: config.PAWL_HISTORY_MAX_BYTES,
    },
    offline: config.PAWL_OFFLINE_MODEL,
    policy,
    ...batchLane(config, input),
    ...(config.PAWL_WRAP_UP && input.onLimit === "stop" ? { wrapUp: true } : {}),
    approvals: {
      timeoutMs: config.PAWL_APPROVAL_TIMEOUT_MS,
      webhook: config.PAWL_APPROVAL_WEBHOOK_URL !== undefined,
    },
  };
}

function batchLane(config: Config, { canWait }: RunInput): Pick<Snapshot, "batchLane"> {
  if (canWait === undefined) return {};
  const firstLookMs = config.PAWL_BATCH_FIRST_LOOK_MS;
  return { batchLane: { firstLookMs, canWaitForMs: canWait.forMs } };
}

function contextTerms(
  { PAWL_COMPACTION, PAWL_CACHE_TTL }: Config,
  limits: Limits,
  contextTokens: number,
): Pick<Snapshot, "compactAtTokens" | "cacheTtl"> {
  const compactAtTokens = PAWL_COMPACTION ? compactionMark(limits, contextTokens) : null;
  return {
    ...(compactAtTokens === null ? {} : { compactAtTokens }),
    ...(PAWL_CACHE_TTL === "5m" ? {} : { cacheTtl: PAWL_CACHE_TTL }),
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
  const layers = { operator: config.PAWL_TOOL_POLICY ?? {}, agent: agent.policy ?? {}, caller };
  return Object.fromEntries(
    known
      .filter(({ name }) => agent.tools.includes(name))
      .map((spec) => [spec.name, ruleFor(spec, layers)]),
  );
}

function serverSearch(config: Config, maxUses: number): readonly ServerTool[] {
  if (maxUses === 0) return [];
  return [anthropicWebSearch({ maxUses, blockedDomains: config.PAWL_BLOCKED_DOMAINS })];
}

function withinToolTimeout(spec: ToolSpec, config: Config): ToolSpec {
  return { ...spec, timeoutMs: Math.min(spec.timeoutMs, config.PAWL_TOOL_TIMEOUT_MS) };
}

function operatorLimits(config: Config): Limits {
  return {
    costMicroUsd: config.PAWL_RUN_CAP_USD,
    tokens: config.PAWL_AGENT_MAX_TOKENS,
    modelCalls: config.PAWL_AGENT_MAX_CALLS,
    toolCalls: config.PAWL_AGENT_MAX_TOOL_CALLS,
    requestTokens: config.PAWL_AGENT_MAX_REQUEST_TOKENS,
    replyTokens: config.PAWL_AGENT_MAX_REPLY_TOKENS,
    wallClockMs: null,
  };
}
