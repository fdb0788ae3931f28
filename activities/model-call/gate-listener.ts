// What the gate hears of a call that it let out: that it was answered or how it failed, what the provider
// said of its limits, and what the call used of what was set aside for it. No reply waits for any of it.

import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../../src/config.ts";
import { countedBy, isTight, type Amounts, type RateLimits } from "../../src/domain/rate-limits.ts";
import { ModelCallError, type Model } from "../../src/model/model.ts";
import type { GateAnswer, GateAsk, GateWord, Heard } from "../../src/store/gates.ts";
import type { ActivityDeps } from "../deps.ts";
import { logGateNotTold, logTurn } from "./call-log.ts";
import { OUTAGES } from "./denial.ts";

/** The news of a call is no reason to keep its run waiting. */
const TELL_PATIENCE_MS = 1000;

const NOTHING_USED: Amounts = { requests: 0, input: 0, output: 0 };

type Settings = Pick<Config, "retries">;
type Deps = Pick<ActivityDeps, "gates" | "telemetry"> & { readonly config: Settings };

type Pass = Extract<GateAnswer, { kind: "pass" }>;

/** A call that was let out. */
export interface LetOut {
  readonly ask: GateAsk;
  readonly pass: Pass;
}

/** The model, with the gate as its listener. */
export function heardByGate(deps: Deps & Pick<ActivityDeps, "model">, letOut: LetOut): Model {
  const { model } = deps;
  return {
    ...model,
    async call(request, listener, signal) {
      const ear = new Ear(deps, letOut);
      const limits = (seen: RateLimits): void => ear.said(seen);
      const alive: typeof listener.alive = (usage, writing) => {
        ear.alive();
        listener.alive(usage, writing);
      };
      try {
        const reply = await model.call(request, { ...listener, limits, alive }, signal);
        ear.ended(countedBy(reply.usage));
        return reply;
      } catch (error) {
        await soon(ear.failed(error));
        throw error;
      }
    },
  };
}

/** The call was let out and is not made: the next may go in its place, with what was set aside for it. */
export async function giveBack(deps: Deps, letOut: LetOut): Promise<void> {
  const { watched, drawn } = letOut.pass;
  if (watched || drawn !== undefined) await soon(new Ear(deps, letOut).unsent());
}

/** A probe that cost nothing failed: the provider is down as before. */
export async function tellOutage(deps: Deps, letOut: LetOut): Promise<void> {
  await new Ear(deps, letOut).down();
}

async function soon(told: Promise<void>): Promise<void> {
  await Promise.race([told, delay(TELL_PATIENCE_MS, undefined, { ref: false })]);
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
    const { watched, drawn } = this.#letOut.pass;
    if (!watched && drawn === undefined) return;
    const heard = watched ? "completed" : "counted";
    void this.#tell({ heard, ...this.#limits(), ...this.#use(used) });
  }

  async down(): Promise<void> {
    await this.#tell({ heard: "outage", ...this.#use(NOTHING_USED) });
  }

  async unsent(): Promise<void> {
    await this.#tell({ heard: "nothing", ...this.#use(NOTHING_USED) });
  }

  /** What was refused, or never asked, counts for no tokens; of any other failure nobody knows. */
  async failed(error: unknown): Promise<void> {
    if (error instanceof ModelCallError && error.limits !== null) this.said(error.limits);
    const news = wordOn(error, this.#deps);
    await this.#tell({ ...news, ...this.#limits(), ...this.#useOf(error, news) });
  }

  #useOf(error: unknown, { heard }: News): Partial<GateWord> {
    if (error instanceof ModelCallError && error.billing === "unsent")
      return this.#use(NOTHING_USED);
    return heard === "limited" ? this.#use({ input: 0, output: 0 }) : {};
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
    const { gates, config, telemetry } = this.#deps;
    const { key, callId } = this.#letOut.ask;
    const failuresMax = config.retries.circuitFailures;
    try {
      const turned = await gates.tell({ key, callId, failuresMax, ...news });
      if (turned === null) return;
      logTurn(telemetry, key, turned);
    } catch (error) {
      logGateNotTold(telemetry, key, error);
    }
  }
}

/** What may have cost money counts as an outage, whatever it is called; and sooner than what costs nothing. */
function wordOn(error: unknown, { config }: Deps): News {
  if (!(error instanceof ModelCallError)) return { heard: "nothing" };
  if (error.mayCost) return { heard: "outage", mayCost: true };
  if (error.isFinal && error.billing === "unsent") return { heard: "nothing" };
  if (OUTAGES.includes(error.code)) return { heard: "outage" };
  if (error.code !== "PROVIDER_RATE_LIMITED") return { heard: "answered" };
  const firstWaitMs = config.retries.initialMs;
  const named = error.retryAfterMs === null ? {} : { retryAfterMs: Math.ceil(error.retryAfterMs) };
  return { heard: "limited", firstWaitMs, ...named };
}
