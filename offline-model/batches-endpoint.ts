// /v1/messages/batches: what the API checks at once is checked here (the envelope); each request in it
// is checked when the batch is worked off, and its error stands among the results.

import { invalidRequest } from "./api-error.ts";
import type { BatchedRequest } from "./served-batches.ts";
import type { Exchange } from "./exchange.ts";
import { isHttpFault, isReplyFault, type Fault } from "./faults.ts";
import { answerInstead } from "./http-faults.ts";
import { headerOf, readJson, sendJson } from "./http.ts";
import { checkedPrompt, drafted, faulted } from "./messages-endpoint.ts";
import { replyOf } from "./reply.ts";
import { checkContext, checkReplyLimits } from "./request-rules.ts";
import type { MessagesRequest } from "./request.ts";
import { parseMessagesRequest } from "./schema.ts";
import type { OfflineState } from "./offline-state.ts";
import { promptTokens } from "./tokens.ts";
import { billedUsage } from "./wire-usage.ts";
import { messageJson } from "./wire.ts";

const BATCH_PATH = /^\/v1\/messages\/batches(?:\/([^/]+)(?:\/(results|cancel))?)?$/;
const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/;
const REQUESTS_MAX = 100_000;
const PAGE_DEFAULT = 20;
const PAGE_MAX = 1000;

/** False where the path is none of these. */
export async function answerBatches(
  exchange: Exchange,
  url: URL,
  state: OfflineState,
): Promise<boolean> {
  const [path, id, action] = BATCH_PATH.exec(url.pathname) ?? [];
  if (path === undefined) return false;
  const { req, res } = exchange;
  const origin = `http://${headerOf(req, "host") ?? "offline"}`;
  switch (`${req.method} ${id === undefined ? "all" : (action ?? "one")}`) {
    case "POST all":
      await create(exchange, state);
      return true;
    case "GET all":
      sendJson(res, 200, state.batches.list(pageOf(url), origin));
      return true;
    case "GET one":
      sendJson(res, 200, state.batches.retrieve(id ?? "", origin));
      return true;
    case "GET results": {
      const lines = state.batches.results(id ?? "");
      res.writeHead(200, { "content-type": "application/binary" });
      res.end(lines);
      return true;
    }
    case "POST cancel":
      sendJson(res, 200, state.batches.cancel(id ?? "", origin));
      return true;
    default:
      return false;
  }
}

function pageOf(url: URL): { limit: number; afterId: string | null } {
  const limit = Number(url.searchParams.get("limit") ?? PAGE_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX) {
    throw invalidRequest(`limit: Input should be between 1 and ${PAGE_MAX}`);
  }
  return { limit, afterId: url.searchParams.get("after_id") };
}

async function create(exchange: Exchange, state: OfflineState): Promise<void> {
  const entries = entriesOf(await readJson(exchange.req));
  const faults = entries.map(({ params }) => state.faults.take(targetOf(exchange, params)));
  const http = faults.find((fault) => fault !== undefined && isHttpFault(fault));
  if (http !== undefined && isHttpFault(http)) {
    answerInstead(exchange.res, http);
    return;
  }
  if (faults.some((fault) => fault?.kind === "reset_before_headers")) {
    exchange.res.destroy();
    return;
  }
  const batch = state.batches.create(
    entries.map((entry, index) => batched(exchange, state, { ...entry, fault: faults[index] })),
  );
  if (faults.some((fault) => fault?.kind === "answer_lost")) exchange.res.destroy();
  else sendJson(exchange.res, 200, batch);
}

interface Envelope {
  readonly customId: string;
  readonly params: unknown;
}

function entriesOf(body: unknown): readonly Envelope[] {
  const requests: unknown = isRecord(body) ? body["requests"] : undefined;
  if (!isRecord(body) || !Array.isArray(requests)) throw invalidRequest("requests: Field required");
  const extra = Object.keys(body).find((name) => name !== "requests");
  if (extra !== undefined) throw invalidRequest(`${extra}: Extra inputs are not permitted`);
  if (requests.length === 0 || requests.length > REQUESTS_MAX) {
    throw invalidRequest(`requests: List should have 1 to ${REQUESTS_MAX} items`);
  }
  const ids = new Set<string>();
  return requests.map((request: unknown, index) => {
    const at = `requests.${index}`;
    if (!isRecord(request) || !isRecord(request["params"])) {
      throw invalidRequest(`${at}.params: Field required`);
    }
    const customId = request["custom_id"];
    if (typeof customId !== "string" || !CUSTOM_ID.test(customId)) {
      throw invalidRequest(`${at}.custom_id: String should match pattern '${CUSTOM_ID.source}'`);
    }
    if (ids.has(customId)) throw invalidRequest(`${at}.custom_id: must be unique in the batch`);
    ids.add(customId);
    return { customId, params: request["params"] };
  });
}

function batched(
  exchange: Exchange,
  state: OfflineState,
  { customId, params, fault }: Envelope & { readonly fault: Fault | undefined },
): BatchedRequest {
  const target = targetOf(exchange, params);
  return {
    customId,
    fate: state.batches.fates.take(target)?.kind ?? null,
    serve: () => serve(exchange, state, { params, fault }),
  };
}

function serve(
  { requestId, runKey }: Exchange,
  state: OfflineState,
  { params, fault }: { readonly params: unknown; readonly fault: Fault | undefined },
): object {
  const request = parseMessagesRequest(params);
  if (request.stream === true) throw invalidRequest("stream: Streaming is not possible in a batch");
  if (request.speed === "fast") throw invalidRequest("speed: Fast mode is not possible in a batch");
  if (request.max_tokens === 0) throw invalidRequest("max_tokens: 0 is not possible in a batch");
  const { model, segments } = checkedPrompt(request);
  checkReplyLimits(request, model);
  checkContext(promptTokens(segments), model);
  const plan = state.cache.plan(request, segments, model.spec.cacheTokensMin);
  const script = state.script.take(targetOf({ runKey }, request));
  const draft = drafted(request, script);
  const isFaulted = fault !== undefined && isReplyFault(fault);
  const said = replyOf(isFaulted ? faulted(draft, fault, request) : draft, request, model);
  plan.commit();
  state.requests.add({
    id: requestId,
    runKey,
    model: model.id,
    at: new Date().toISOString(),
    isStream: false,
    fault: fault?.kind ?? null,
    eventsSent: 0,
    state: "done",
    body: request,
  });
  const isFree = said.stopReason === "refusal" && said.outputTokens === 0;
  if (!isFree) {
    const userId = request.metadata?.user_id ?? null;
    const who = { requestId, userId, runKey, status: "complete", lane: "batch" } as const;
    state.billing.append(model, { ...who, ...billedUsage(plan, said) });
  }
  return messageJson(said, plan, (usage) => ({ ...usage, service_tier: "batch" }));
}

function targetOf({ runKey }: Pick<Exchange, "runKey">, params: unknown) {
  const { model, messages }: Partial<MessagesRequest> = isRecord(params) ? params : {};
  return {
    runKey,
    model: typeof model === "string" ? model : "",
    messages: JSON.stringify(messages),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
