// The offline model: a Messages API server on loopback for development and tests. The real SDK talks
// to it. It refuses what the API refuses, counts and bills exactly, breaks on order (`/admin`), and
// its planner really works through simple tasks. What it says is no model's work: it is labelled
// offline wherever people see it, and its costs are simulated.

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { answerAdmin } from "./admin.ts";
import { ApiError } from "./api-error.ts";
import { answerBatches } from "./batches-endpoint.ts";
import { createServedBatches, type BatchFate } from "./served-batches.ts";
import { openBilling, type BillingRecord } from "./billing.ts";
import { createPromptCache } from "./cache.ts";
import type { Exchange } from "./exchange.ts";
import type { Fault } from "./faults.ts";
import { createWaitingRoom } from "./waiting-room.ts";
import { headerOf, readJson, sendError, sendJson, setApiHeaders } from "./http.ts";
import { countTokens, createMessage } from "./messages-endpoint.ts";
import { listModels, retrieveModel } from "./models-endpoint.ts";
import { createMatchList } from "./match-list.ts";
import { createRateLimiter } from "./rate-limiter.ts";
import type { ScriptEntry } from "./script.ts";
import { createRequestLog, type OfflineState } from "./offline-state.ts";

const API_VERSIONS = ["2026-10-21", "2023-06-01"];
const MODEL_PATH = /^\/v1\/models\/([^/]+)$/;

export interface OfflineModelOptions {
  /** 0, the default, picks a free one. */
  readonly port?: number;
  readonly host?: string;
  /** Where the billing record is kept; without it, in memory only. */
  readonly billingFile?: string;
  /** The only key that is accepted; without it any key is. */
  readonly apiKey?: string;
  /** Pause before each piece of about 12 characters. */
  readonly chunkDelayMs?: number;
  /** Clock of the prompt cache and the bill. */
  readonly nowMs?: () => number;
}

export interface OfflineModel {
  readonly url: string;
  readonly port: number;
  billing(): readonly BillingRecord[];
  /** Ends open connections; requests in flight are billed as aborted. */
  close(): Promise<void>;
}

export async function startOfflineModel(options: OfflineModelOptions = {}): Promise<OfflineModel> {
  const { port = 0, host = "127.0.0.1", chunkDelayMs = 12, nowMs = Date.now } = options;
  const state: OfflineState = {
    billing: openBilling(options.billingFile, nowMs),
    cache: createPromptCache(() => nowMs() + state.clock.aheadMs),
    batches: createServedBatches(nowMs, createMatchList<BatchFate>()),
    faults: createMatchList<Fault>(),
    script: createMatchList<ScriptEntry>(),
    waitingRoom: createWaitingRoom(),
    limiter: createRateLimiter(nowMs),
    requests: createRequestLog(),
    pace: { chunkDelayMs, chunkChars: 12 },
    clock: { aheadMs: 0 },
  };
  const open = new Set<Promise<void>>();
  const server = createServer((req, res) => {
    const work = answer(req, res, state, options.apiKey).finally(() => open.delete(work));
    open.add(work);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  const address = server.address();
  const boundPort = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host}:${boundPort}`,
    port: boundPort,
    billing: () => [...state.billing.records()],
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.all(open);
      state.batches.clear();
      state.billing.close();
    },
  };
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  state: OfflineState,
  apiKey: string | undefined,
): Promise<void> {
  const requestId = `req_${randomUUID().replaceAll("-", "")}`;
  const gone = new AbortController();
  res.once("close", () => gone.abort());
  const exchange = {
    req,
    res,
    requestId,
    runKey: headerOf(req, "x-pawl-run"),
    gone: gone.signal,
  };
  setApiHeaders(res, requestId);
  try {
    await route(exchange, state, apiKey);
  } catch (error) {
    if (gone.signal.aborted) return;
    const known = error instanceof ApiError ? error : new ApiError(500, "api_error", String(error));
    sendError(res, known, requestId);
  }
}

async function route(
  exchange: Exchange,
  state: OfflineState,
  apiKey: string | undefined,
): Promise<void> {
  const { req, res } = exchange;
  const url = new URL(req.url ?? "/", "http://offline");
  const { pathname } = url;
  const target = `${req.method} ${pathname}`;
  if (pathname === "/admin" || pathname.startsWith("/admin/")) {
    const done = await answerAdmin({ route: target, body: () => readJson(req) }, state);
    if (done === undefined) throw notFound(target);
    sendJson(res, 200, done);
    return;
  }
  authenticate(req, apiKey);
  const id = MODEL_PATH.exec(pathname)?.[1];
  if (target === "POST /v1/messages") await createMessage(exchange, state);
  else if (target === "POST /v1/messages/count_tokens") await countTokens(exchange);
  else if (target === "GET /v1/models") sendJson(res, 200, listModels());
  else if (req.method === "GET" && id !== undefined) sendJson(res, 200, retrieveModel(id));
  else if (!(await answerBatches(exchange, url, state))) throw notFound(target);
}

function notFound(target: string): ApiError {
  return new ApiError(404, "not_found_error", `the offline model has no ${target}`);
}

function authenticate(req: IncomingMessage, apiKey: string | undefined): void {
  const bearer = /^Bearer (.+)$/.exec(headerOf(req, "authorization") ?? "")?.[1];
  const key = bearer ?? headerOf(req, "x-api-key");
  if (key === null) {
    throw new ApiError(
      401,
      "authentication_error",
      "x-api-key or authorization header is required",
    );
  }
  if (apiKey !== undefined && key !== apiKey) {
    throw new ApiError(401, "authentication_error", "invalid bearer token");
  }
  const version = headerOf(req, "anthropic-version");
  if (version === null) {
    throw new ApiError(400, "invalid_request_error", "anthropic-version: header is required");
  }
  if (!API_VERSIONS.includes(version)) {
    throw new ApiError(
      400,
      "invalid_request_error",
      `anthropic-version: "${version}" is not a valid version`,
    );
  }
}
