// How the gateway and what lies behind it are. The provider is asked once a minute at most, by a
// call that costs nothing, and not at all where no key for it is at hand.

import type { RunClient } from "../client/run-client.ts";
import type { Config } from "../config.ts";
import { unservedText } from "../domain/duty.ts";
import { present } from "../domain/present.ts";
import { askedAs, baseUrlOf, keyFor } from "../domain/provider.ts";
import { outboundFetch } from "../outbound/outbound-fetch.ts";
import type { Database } from "../store/database.ts";

export interface HealthCheck {
  readonly status: "ok" | "failing";
  readonly latencyMs: number;
  /** What is wrong, in a few words without addresses. */
  readonly detail?: string;
}

export interface HealthReport {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly checks: Readonly<Record<string, HealthCheck>>;
}

export interface Health {
  report(): Promise<HealthReport>;
}

const PROBE_TIMEOUT_MS = 3000;
const PROVIDER_KNOWN_FOR_MS = 60_000;
/** Many may ask at once; the services behind are asked once. */
const REPORT_KNOWN_FOR_MS = 1000;

export function createHealth(
  client: Pick<RunClient, "queue">,
  db: Database,
  { provider, proxy }: Pick<Config, "provider" | "proxy">,
): Health {
  const { baseUrl } = provider;
  const apiKey = keyFor(provider);
  const send = outboundFetch(proxy);
  const askProvider =
    apiKey === undefined
      ? null
      : remembered(
          () => timed(() => probeProvider(baseUrlOf(baseUrl), apiKey, send)),
          PROVIDER_KNOWN_FOR_MS,
        );

  async function look(): Promise<HealthReport> {
    let workers: HealthCheck = { status: "failing", latencyMs: 0, detail: "not known" };
    const [temporal, postgres, model] = await Promise.all([
      timed(async () => {
        const started = Date.now();
        const missing = unservedText((await client.queue()).unserved);
        const latencyMs = Date.now() - started;
        workers =
          missing === null
            ? { status: "ok", latencyMs }
            : { status: "failing", latencyMs, detail: missing };
      }),
      timed(async () => void (await db`select 1 as one`)),
      askProvider?.(),
    ]);
    const checks = {
      temporal,
      postgres,
      workers,
      ...present({ provider: model }),
    };
    return { status: statusOf(checks), checks };
  }

  return { report: remembered(look, REPORT_KNOWN_FOR_MS) };
}

/** Without Temporal or Postgres nothing goes on; without the rest runs wait, and lose nothing. */
function statusOf(checks: Readonly<Record<string, HealthCheck>>): HealthReport["status"] {
  const failing = Object.keys(checks).filter((name) => checks[name]?.status === "failing");
  if (failing.includes("temporal") || failing.includes("postgres")) return "unhealthy";
  return failing.length > 0 ? "degraded" : "healthy";
}

async function timed(probe: () => Promise<void>): Promise<HealthCheck> {
  const started = Date.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ProbeError("no answer in time")), PROBE_TIMEOUT_MS);
  });
  try {
    await Promise.race([probe(), late]);
    return { status: "ok", latencyMs: Date.now() - started };
  } catch (error) {
    const detail = error instanceof ProbeError ? error.message : "it does not answer";
    return { status: "failing", latencyMs: Date.now() - started, detail };
  } finally {
    clearTimeout(timer);
  }
}

class ProbeError extends Error {
  override readonly name = "ProbeError";
}

async function probeProvider(url: string, key: string, send: typeof fetch): Promise<void> {
  const response = await send(`${url}/v1/models?limit=1`, {
    headers: askedAs(key),
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (response.status === 401 || response.status === 403)
    throw new ProbeError("it refuses the key");
  if (!response.ok) throw new ProbeError(`it answers ${response.status}`);
}

/** One question at a time, and its answer for everybody who asks soon after. */
function remembered<T>(ask: () => Promise<T>, knownForMs: number): () => Promise<T> {
  let answer: Promise<T> | null = null;
  let answeredAtMs = 0;
  return () => {
    if (answer !== null && Date.now() - answeredAtMs < knownForMs) return answer;
    answeredAtMs = Infinity;
    answer = ask().finally(() => {
      answeredAtMs = Date.now();
    });
    return answer;
  };
}
