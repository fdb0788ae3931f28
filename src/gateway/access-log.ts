// One log line and one count per request, written when its answer is over. Keys are named by their
// id; nothing of a body is logged.

import type { GatewayContext } from "./route-context.ts";
import type { Principal } from "./principal.ts";

export function observe(c: GatewayContext): void {
  const env: Partial<GatewayContext["env"]> | undefined = c.env;
  const startedAt = performance.now();
  env?.outgoing?.once("close", () => {
    const { telemetry, metrics } = c.get("gateway");
    const { method } = c.req;
    const route = c.get("route");
    const status = env.outgoing?.statusCode ?? 0;
    const durationMs = Math.round(performance.now() - startedAt);
    metrics.request({ route, method, status }, durationMs);
    const runId = /^\/v1\/runs\/([A-Za-z0-9_.-]{1,128})/.exec(c.req.path)?.[1];
    const requestId = c.get("requestId");
    telemetry.emit({
      event: "http_request",
      requestId,
      method,
      route,
      status,
      durationMs,
      runId,
      ...callerOf(c),
      // Whoever looks for a guesser, or is one, is found by it; of callers who may be here it is not kept.
      ...(status === 401 || status === 429 ? { address: c.get("address") } : {}),
    });
  });
}

function callerOf(c: GatewayContext) {
  const principal: Principal | undefined = c.get("principal");
  if (principal === undefined) return {};
  const { tenant } = principal;
  return principal.kind === "key" ? { tenant, keyId: principal.keyId } : { tenant, keyId: null };
}
