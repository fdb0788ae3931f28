// How the gateway and what lies behind it are: `healthy` means that a run which is sent now begins. So each is asked
// what that run will need, and nothing that a server answers from memory. The provider is asked once a minute at
// most, by a call that costs nothing, and not at all where no key for it is at hand.

import type { RunClient } from "../client/run-client.ts";
import type { Config } from "../config.ts";
import { fleetText } from "../domain/fleet.ts";
import { strandedText } from "../domain/missing-workers.ts";
import { present } from "../domain/present.ts";
import { askedAs, baseUrlOf, keyFor } from "../domain/provider.ts";
import { outboundFetch } from "../outbound/outbound-fetch.ts";
import type { Database } from "../store/database.ts";
import { sandboxesOfWorkers } from "../store/worker-sandboxes.ts";
import { tryWriting, whyNotWritten } from "../store/write-probe.ts";

export interface HealthCheck {
  readonly status: "ok" | "failing";
  readonly latencyMs: number;
  /** What is wrong, or how many there are, in a few words without addresses. */
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
const WRITE_KNOWN_FOR_MS = 3000;
/** Many may ask at once; the services behind are asked once. */
const REPORT_KNOWN_FOR_MS = 1000;

export type HealthClient = Pick<RunClient, "queue" | "readStore" | "stranded" | "within">;

export function createHealth(
  client: HealthClient,
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
  const askPostgres = remembered(() => timed(() => probePostgres(db)), WRITE_KNOWN_FOR_MS);
  const askSandboxes = remembered(() => sandboxesCheck(db), WRITE_KNOWN_FOR_MS);
  const asking = (probe: () => Promise<string | void>): Promise<HealthCheck> =>
    timed(() => client.within(PROBE_TIMEOUT_MS, probe));

  async function look(): Promise<HealthReport> {
    const [temporal, postgres, workers, versions, model, sandbox] = await Promise.all([
      asking(() => client.readStore()),
      askPostgres(),
      asking(() => probeWorkers(client)),
      asking(() => probeVersions(client)),
      askProvider?.(),
      askSandboxes(),
    ]);
    const known = present({ provider: model, sandbox: sandbox ?? undefined });
    const checks = { temporal, postgres, workers, versions, ...known };
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

/** A probe throws where something is wrong; what it returns is told beside it. */
async function timed(probe: () => Promise<string | void>): Promise<HealthCheck> {
  const started = Date.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ProbeError("no answer in time")), PROBE_TIMEOUT_MS);
  });
  try {
    const told = await Promise.race([probe(), late]);
    const detail = typeof told === "string" ? told : undefined;
    return { status: "ok", latencyMs: Date.now() - started, ...present({ detail }) };
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

async function probePostgres(db: Database): Promise<void> {
  try {
    await tryWriting(db);
  } catch (error) {
    throw new ProbeError(whyNotWritten(error));
  }
}

/** Of those who could take a run that is sent now. */
async function probeWorkers(client: Pick<HealthClient, "queue">): Promise<string> {
  const { missing, fleet } = await client.queue();
  if (missing !== null) throw new ProbeError(missing.what);
  return fleetText(fleet, "counted");
}

/** Of those who could take the runs that are there. */
async function probeVersions(client: Pick<HealthClient, "stranded">): Promise<void> {
  const wrong = strandedText(await client.stranded());
  if (wrong !== null) throw new ProbeError(wrong);
}

/** Of workers with agents that run code; null where there are none, or nobody can say: then Postgres fails by itself. */
async function sandboxesCheck(db: Database): Promise<HealthCheck | null> {
  const told = await sandboxesOfWorkers(db).catch(() => []);
  if (told.length === 0) return null;
  return await timed(async () => {
    const without = told.find(({ tier }) => tier === null);
    if (without !== undefined) throw new ProbeError(`none holds: ${without.detail}`);
    return [...new Set(told.map(({ tier, detail }) => `${tier} (${detail})`))].join(", ");
  });
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
