// The gateway as one function from requests to answers. Every request under /v1 passes here in this
// order: its caller, the caller's rate, the scope of the route, what it sends, then its handler.

import { OpenAPIHono } from "@hono/zod-openapi";
import { v7 as uuidv7 } from "uuid";
import { isPawlError, PawlError } from "../domain/errors.ts";
import { packageVersion } from "../package-version.ts";
import { observe } from "./access-log.ts";
import { ANSWER_WITHIN_MS, inTime } from "./in-time.ts";
import { authenticate, presentedKey, remoteAddressOf } from "./authenticate.ts";
import { networkOf } from "./client-address.ts";
import type { App } from "./define-route.ts";
import type { Gateway, GatewayContext, GatewayEnv } from "./route-context.ts";
import { addPage } from "./page-files.ts";
import { problemOf } from "./problem.ts";
import { createRateLimit, type RateLimit } from "./rate-limit.ts";
import { refuseDoubled } from "./single-headers.ts";
import { addApprovals } from "./routes/approvals.ts";
import { addQuestions } from "./routes/questions.ts";
import { addMessages } from "./routes/messages.ts";
import { addOperations } from "./routes/operations.ts";
import { addResult } from "./routes/result.ts";
import { addRuns } from "./routes/runs.ts";
import { addSteering } from "./routes/steer.ts";
import { addSubmit } from "./routes/submit.ts";
import { addBudgets } from "./routes/budgets.ts";
import { addUsage } from "./routes/usage.ts";

const ROUTES = [
  addSubmit,
  addRuns,
  addResult,
  addSteering,
  addMessages,
  addApprovals,
  addQuestions,
  addUsage,
  addBudgets,
  addOperations,
];

/** The page's files are open too: they hold nothing but the page. */
const NEEDS_CALLER = /^(\/v1\/|\/metrics$|\/health\/|\/openapi\.json$)/;

/** Who asks is known by then, or nobody is; the rest of the time is for the answer. */
const KNOWN_WITHIN_MS = 0.6 * ANSWER_WITHIN_MS;

export function createApp(gateway: Gateway): App {
  const app: App = new OpenAPIHono<GatewayEnv>();
  const rate = createRateLimit(gateway.config.gateway.requestsPerMinute);
  app.onError((error, c) => problemOf(error, c));
  app.notFound((c) => problemOf(refusalOf(app, c), c));
  app.use("*", async (c, next) => {
    c.set("gateway", gateway);
    c.set("requestId", `req_${uuidv7()}`);
    c.set("route", "none");
    c.set("waitedMs", 0);
    c.header("X-Request-Id", c.get("requestId"));
    c.header("X-Content-Type-Options", "nosniff");
    c.set("address", addressOf(c));
    observe(c);
    refuseDoubled(c);
    if (gateway.draining.aborted) c.header("Connection", "close");
    const principal = await callerOf(c, rate);
    if (principal !== null) c.set("principal", principal);
    await next();
  });
  for (const add of ROUTES) add(app);
  addDocument(app);
  addPage(app);
  return app;
}

/** Null where nobody has to say who they are. */
async function callerOf(c: GatewayContext, rate: RateLimit) {
  const { path } = c.req;
  const network = networkOf(c.get("address"));
  if (!NEEDS_CALLER.test(path)) {
    await rate.take(`address ${network}`);
    return null;
  }
  const askedAtMs = performance.now();
  const principal = await inTime(authenticate(c), KNOWN_WITHIN_MS).catch(async (error: unknown) => {
    if (isPawlError(error) && error.code === "UNAUTHENTICATED")
      await countRefused(c, rate, network);
    throw error;
  });
  c.set("waitedMs", performance.now() - askedAtMs);
  await rate.take(principal.kind === "key" ? `key ${principal.keyId}` : `address ${network}`);
  if (path !== "/metrics") c.get("gateway").onUse?.();
  return principal;
}

/** A key that was one, and has ended, is no guess: its holder's whole office would be counted for it. */
async function countRefused(c: GatewayContext, rate: RateLimit, network: string): Promise<void> {
  const presented = presentedKey(c);
  const isGuess = presented !== null && c.get("gateway").keys.isUnknown(presented);
  await (isGuess ? rate.noteGuess(network) : rate.take(`address ${network}`));
}

function addressOf(c: GatewayContext): string {
  const forwardedFor = c.req.header("x-forwarded-for");
  return c.get("gateway").proxies.clientOf(remoteAddressOf(c), forwardedFor);
}

function refusalOf(app: App, c: GatewayContext): PawlError {
  const methods = new Set(
    app.routes
      .filter(({ path, method }) => method !== "ALL" && matches(path, c.req.path))
      .map(({ method }) => method),
  );
  if (methods.size === 0) return new PawlError("NOT_FOUND", "There is nothing here.");
  if (methods.has("GET")) methods.add("HEAD");
  c.header("Allow", [...methods].join(", "));
  return new PawlError("METHOD_NOT_ALLOWED", `This path takes ${[...methods].join(", ")}.`);
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split("/");
  const given = path.split("/");
  return (
    expected.length === given.length &&
    expected.every((part, at) => part.startsWith(":") || part === given[at])
  );
}

function addDocument(app: App): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
    description:
      "An API key, made with `pawl keys create`; for the local stack also the token in its state folder.",
  });
  const info = {
    title: "Pawl",
    version: packageVersion(),
    description: "Durable LLM agents: start runs, watch them, decide on what they ask, steer them.",
  };
  // Where this document lies, whatever path a proxy put before it.
  const servers = [{ url: "." }];
  let document: object | null = null;
  app.get("/openapi.json", (c) => {
    c.set("route", "/openapi.json");
    document ??= app.getOpenAPI31Document({ openapi: "3.1.0", info, servers });
    return c.json(document);
  });
}
