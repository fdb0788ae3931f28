// What the gate hears of a call that it let out: that it was answered or how it failed, what the provider
// said of its limits, and what the call used of what was set aside for it. No reply waits for any of it.

import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../src/config.ts";
import { countedBy, isTight, type Amounts, type RateLimits } from "../src/domain/rate-limits.ts";
import { ModelCallError, type Model } from "../src/model/model.ts";
import type { GateAnswer, GateAsk, GateWord, Heard } from "../src/store/gates.ts";
import { OUTAGES } from "./capacity.ts";
import type { ActivityDeps } from "./deps.ts";

/** The news of a call is no reason to keep its run waiting. */
const TELL_PATIENCE_MS = 1000;

type Settings = Pick<Config, "retries">;
type Deps = Pick<ActivityDeps, "model" | "gates" | "log"> & { readonly config: Settings };

type Pass = Extract<GateAnswer, { kind: "pass" }>;

/** A call that was let out. */
interface LetOut {
  readonly ask: GateAsk;
  readonly pass: Pass;
}

/** The model, with the gate as its listener. */
export function heardByGate(deps: Deps, letOut: LetOut): Model {
  const { model } = deps;
  return {
    ...model,
    async call(request, listener, signal) {
      const ear = new Ear(deps, letOut);
      const limits = (seen: RateLimits): void => ear.said(seen);
      const alive: typeof listener.alive = (usage) => {
        ear.alive();
        listener.alive(usage);
      };
      try {
        const reply = await model.call(request, { ...listener, limits, alive }, signal);
        ear.ended(countedBy(reply.usage));
        return reply;
      } catch (error) {
        await Promise.race([ear.failed(error), delay(TELL_PATIENCE_MS)]);
        throw error;
      }
    },
  };
}

type News = Partial<GateWord> & { readonly heard: Heard };

class Ear {
  readonly #deps: Deps;
  readonly #letOut: LetOut;
  #seen: { readonly limits: RateLimits; readonly atMs: number } | null = null;
  #isTold = false;

  constructor(deps: Deps, letOut: LetOut) {
    this.#deps = deps;
    this.#letOut = letOut;
  }

  said(limits: RateLimits): void {
    this.#seen = { limits, atMs: performance.now() };
  }

  /** Where nobody keeps count yet, limits that run low can't wait for the end of the reply. */
  alive(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const { watched, drawn } = this.#letOut.pass;
    const isNews = drawn === undefined && this.#seen !== null && isTight(this.#seen.limits);
    if (watched || isNews) void this.#tell({ heard: "answered", ...this.#limits() });
  }

  ended(used: Amounts): void {
    if (this.#letOut.pass.drawn === undefined) return;
    void this.#tell({ heard: "counted", ...this.#limits(), ...this.#use(used) });
  }

  /** What was refused, or never asked, counts for no tokens; of any other failure nobody knows. */
  async failed(error: unknown): Promise<void> {
    if (error instanceof ModelCallError && error.limits !== null) this.said(error.limits);
    const news = wordOn(error, this.#deps);
    const isFree = news.heard === "limited" || isUnsent(error);
    const use = isFree ? this.#use({ input: 0, output: 0 }) : {};
    await this.#tell({ ...news, ...this.#limits(), ...use });
  }

  #limits(): Partial<GateWord> {
    if (this.#seen === null) return {};
    const { limits, atMs } = this.#seen;
    const saidAgoMs = Math.round(performance.now() - atMs);
    return { limits, saidAgoMs, isTight: isTight(limits) };
  }

  #use(used: Partial<Amounts>): Partial<GateWord> {
    const { pass, ask } = this.#letOut;
    return pass.drawn === undefined ? {} : { used, drawn: pass.drawn, bounds: ask.bounds };
  }

  /** Never fails: the call itself is what counts, and time heals what nobody told. */
  async #tell(news: News): Promise<void> {
    const { gates, config, log } = this.#deps;
    const { key, callId } = this.#letOut.ask;
    const failuresMax = config.retries.circuitFailures;
    try {
      const turned = await gates.tell({ key, callId, failuresMax, retryAfterMs: 0, ...news });
      if (turned === null) return;
      const isOpen = turned === "opened";
      const what = isOpen
        ? "the provider fails: calls wait but for probes"
        : "the provider is back";
      log.warn({ event: isOpen ? "circuit_opened" : "circuit_closed", key, alert: isOpen }, what);
    } catch (error) {
      log.warn({ event: "gate_not_told", key, err: error }, "the gate did not hear of a call");
    }
  }
}

function isUnsent(error: unknown): boolean {
  return error instanceof ModelCallError && error.billing === "unsent";
}

/** A rate limit that names no time is believed for as long as a first retry waits. */
function wordOn(error: unknown, { config }: Deps): News {
  if (!(error instanceof ModelCallError)) return { heard: "nothing" };
  if (OUTAGES.includes(error.code)) return { heard: "outage" };
  if (error.code !== "PROVIDER_RATE_LIMITED") return { heard: "answered" };
  const retryAfterMs = Math.ceil(error.retryAfterMs ?? config.retries.initialMs);
  return { heard: "limited", retryAfterMs };
}
