// Odd requests to the gateway: routes, bodies, headers and keys that are nearly right, bytes that are no HTTP, and
// streams that come and go.

import { connect } from "node:net";
import type { GatewayProcess } from "../support/gateway-process.ts";
import type { Complaints } from "./complaints.ts";
import { oddText, oddValue, spoiled, type Dice } from "./odd-values.ts";

export interface HttpScene {
  readonly gateway: GatewayProcess;
  readonly keys: readonly string[];
  /** Runs to be spoken to. */
  readonly runIds: readonly string[];
  readonly complaints: Complaints;
}

const ORDER = {
  task: "What is 6 * 7?",
  tier: "simple",
  session: "s",
  limits: { maxCostUsd: 0.05, maxCalls: 3 },
  onLimit: "stop",
  policy: { ask: ["calculator"] },
};
const SAID = { text: "Be brief.", mode: "queue" };
const DECISION = { verdict: "deny", argsDigest: "0".repeat(64), reason: "no" };
const WHY = { why: "because", tenant: "acme" };
const TIMEOUT_MS = 45_000;

export async function abuseHttp(dice: Dice, scene: HttpScene): Promise<void> {
  if (dice.chance(0.1)) return await sendBytes(dice, scene);
  const { method, path, body } = requestOf(dice, scene);
  const headers = headersOf(dice, scene, body);
  const isStream = path.includes("/events");
  const signal = AbortSignal.timeout(isStream ? 1 + dice.upTo(500) : TIMEOUT_MS);
  try {
    const response = await fetch(`${scene.gateway.url}${path}`, { method, headers, body, signal });
    const text = await response.text();
    const what = `${method} ${path.slice(0, 60)}`;
    if (response.status >= 500) scene.complaints.add(`${what} → ${response.status} ${text}`);
    scene.complaints.look(what, text);
  } catch (error) {
    const isOver = signal.aborted || error instanceof TypeError;
    const wasRefused = String((error as Error).cause ?? error).includes("ECONNREFUSED");
    if (!isOver || wasRefused) scene.complaints.add(`${method} ${path}: ${String(error)}`);
    if (signal.aborted && !isStream) scene.complaints.add(`${method} ${path}: no answer`);
  }
}

function headersOf(dice: Dice, scene: HttpScene, body: string | null): Record<string, string> {
  const headers: Record<string, string> = {};
  const key = dice.chance(0.75) ? dice.oneOf(scene.keys) : headerText(oddText(dice));
  if (dice.chance(0.95)) headers["authorization"] = `Bearer ${key}`;
  if (body !== null) headers["content-type"] = "application/json";
  if (dice.chance(0.2)) {
    const name = dice.oneOf(["idempotency-key", "last-event-id", "x-forwarded-for", "origin"]);
    headers[name] = headerText(oddText(dice));
  }
  return headers;
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
}

function requestOf(dice: Dice, { runIds }: HttpScene): Request {
  const runId = dice.chance(0.8)
    ? dice.oneOf(runIds)
    : encodeURIComponent(oddText(dice).toWellFormed());
  const odd = (): string => encodeURIComponent(oddText(dice).toWellFormed());
  const json = (good: Readonly<Record<string, unknown>>): string =>
    JSON.stringify(dice.chance(0.3) ? good : spoiled(dice, good)) ?? "null";
  const choices: readonly (() => Request)[] = [
    () => ({ method: "POST", path: "/v1/runs", body: json(ORDER) }),
    () => ({ method: "POST", path: `/v1/runs/${runId}/messages`, body: json(SAID) }),
    () => ({ method: "POST", path: `/v1/runs/${runId}/approvals/${odd()}`, body: json(DECISION) }),
    () => ({
      method: "POST",
      path: `/v1/runs/${runId}/${dice.oneOf(["pause", "resume"])}`,
      body: null,
    }),
    () => ({
      method: "POST",
      path: `/v1/budgets/${dice.oneOf(["tenant_day", "session", "x"])}/release`,
      body: json(WHY),
    }),
    () => ({
      method: "GET",
      path: `/v1/runs?${dice.oneOf(["cursor", "limit", "status", "agent"])}=${odd()}`,
      body: null,
    }),
    () => ({ method: "GET", path: `/v1/runs?cursor=${forgedCursor(dice)}`, body: null }),
    () => ({
      method: "GET",
      path: `/v1/runs/${runId}${dice.oneOf(["", "/result", "/events", `/events?after=${odd()}`])}`,
      body: null,
    }),
    () => ({
      method: "GET",
      path: dice.oneOf([
        "/v1/approvals",
        "/v1/usage",
        "/v1/stats",
        "/metrics",
        "/health/deep",
        "/",
        "/openapi.json",
      ]),
      body: null,
    }),
    () => ({
      method: dice.oneOf(["PUT", "PATCH", "DELETE", "OPTIONS"]),
      path: `/v1/${odd()}`,
      body: null,
    }),
    () => ({ method: "POST", path: "/v1/runs", body: "[".repeat(dice.upTo(300)) }),
  ];
  return dice.oneOf(choices)();
}

function forgedCursor(dice: Dice): string {
  const parts = [
    oddText(dice),
    Buffer.from(JSON.stringify(oddValue(dice)) ?? "").toString("base64"),
  ];
  return Buffer.from(JSON.stringify(parts)).toString("base64url").slice(0, 4000);
}

/** What a client of ours can put into a header at all. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, "").slice(0, 1000);
}

const BYTES: readonly string[] = [
  "\u0016\u0003\u0001",
  "GET / HTTP/1.1\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
  "POST /v1/runs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "GET /v1/runs HTTP/1.1\r\nHost: a\r\nX-Slow: ",
  "CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

async function sendBytes(dice: Dice, { gateway, complaints }: HttpScene): Promise<void> {
  const socket = connect(gateway.port, "127.0.0.1");
  let said = "";
  socket.on("error", () => undefined);
  socket.on("data", (bytes) => (said += bytes.toString("latin1")));
  socket.write(dice.oneOf(BYTES) + (dice.chance(0.3) ? oddText(dice) : ""));
  await new Promise<void>((resolve) => {
    socket.setTimeout(200 + dice.upTo(1000), () => socket.destroy());
    socket.once("close", () => resolve());
  });
  if (said.startsWith("HTTP/1.1 5")) complaints.add(`bytes → ${said.split("\r\n")[0]}`);
  complaints.look("bytes", said);
}
