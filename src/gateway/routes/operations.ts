// How the gateway is, what it counts, and what it offers: for load balancers, Prometheus and programs
// that read the document.

import { z } from "@hono/zod-openapi";
import { KEY_SCOPES } from "../../domain/key-scope.ts";
import { addRoute, answer, type App } from "../define-route.ts";
import { may } from "../principal.ts";

const CHECK = z.strictObject({
  status: z.enum(["ok", "failing"]),
  latencyMs: z.number(),
  detail: z.string().optional(),
});

const REPORT = z
  .strictObject({
    status: z.enum(["healthy", "degraded", "unhealthy"]),
    checks: z
      .record(z.string(), CHECK)
      .readonly()
      .optional()
      .openapi({ description: "Only for keys with the scope admin, and the local token." }),
  })
  .openapi("Health");

export function addOperations(app: App): void {
  addRoute(
    app,
    {
      method: "get",
      path: "/health",
      operationId: "getHealth",
      summary: "That this process answers",
      scopes: null,
      answers: {
        200: {
          description: "It does.",
          schema: z.strictObject({ status: z.literal("healthy") }).openapi("Alive"),
        },
      },
    },
    async () => answer(200, { status: "healthy" }),
  );
  addRoute(
    app,
    {
      method: "get",
      path: "/health/deep",
      operationId: "getDeepHealth",
      summary: "How what lies behind the gateway is",
      scopes: KEY_SCOPES,
      answers: {
        200: {
          description: "Healthy, or degraded: runs may wait, and lose nothing.",
          schema: REPORT,
        },
        503: { description: "Unhealthy: no run goes on.", schema: REPORT },
      },
    },
    async ({ gateway, principal }) => {
      const { status, checks } = await gateway.health.report();
      const body = may(principal, "admin") ? { status, checks } : { status };
      return status === "unhealthy" ? answer(503, body) : answer(200, body);
    },
  );
  addRoute(
    app,
    {
      method: "get",
      path: "/metrics",
      operationId: "getMetrics",
      summary: "What the gateway counts, for Prometheus",
      scopes: ["metrics"],
      answers: { 200: { description: "Prometheus' text format.", contentType: "text/plain" } },
    },
    async ({ gateway, c }) => c.text(await gateway.metrics.text()),
  );
}
