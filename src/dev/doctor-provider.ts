// Who answers runs that are started in this shell, and how it is reached.

import { z } from "zod";
import type { Config } from "../config.ts";
import { isSameModel } from "../domain/model-name.ts";
import { TIER_NAMES } from "../domain/model-table.ts";
import { askedAs, baseUrlOf, keyFor } from "../domain/provider.ts";
import { outboundFetch } from "../outbound/outbound-fetch.ts";
import { proxyFor, proxyText } from "../outbound/proxies.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import { wantsOfflineModel } from "./part-context.ts";
import type { StackState } from "./stack-state.ts";

const HTTP_TIMEOUT_MS = 5000;

export function checkProxy(config: Config): readonly Check[] {
  if (wantsOfflineModel(config)) return [];
  const url = baseUrlOf(config.provider.baseUrl);
  try {
    const proxy = proxyFor(new URL(url), config.proxy);
    return proxy === null ? [] : [ok("proxy", `${url} is asked through ${proxyText(proxy)}`)];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [fail("proxy", why, "mend it, or name the host in NO_PROXY")];
  }
}

export async function checkModel(
  stack: StackState | undefined,
  config: Config,
): Promise<readonly Check[]> {
  if (wantsOfflineModel(config)) {
    const detail =
      "offline: a small planner over bundled facts answers, and costs are simulated; set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL to a server of yours";
    const url = stack?.modelUrl;
    if (!url || (await answers(url)) !== undefined) return [ok("model", detail)];
    return [
      fail("model", `the offline model at ${url} does not answer`, "pawl stop, then run again"),
    ];
  }
  const key = keyFor(config.provider);
  const url = baseUrlOf(config.provider.baseUrl);
  const headers = key === undefined ? {} : askedAs(key);
  const look: Look = { url, headers, send: outboundFetch(config.proxy) };
  const listed = await listModels(look);
  const check = modelCheck(url, listed.status, hasKey(config));
  return check.status === "ok" ? [check, await tierCheck(look, listed.ids, config)] : [check];
}

function hasKey({ provider: { apiKey, authToken } }: Config): boolean {
  return apiKey !== undefined || authToken !== undefined;
}

function modelCheck(url: string, status: number | undefined, isKeySet: boolean): Check {
  if (status === undefined) {
    const fix = "check the network, ANTHROPIC_BASE_URL and HTTPS_PROXY";
    return fail("model", `${url} can't be reached`, fix);
  }
  if (status === 401 || status === 403) {
    const refused = isKeySet ? "refuses the key" : "wants a key";
    const fix = isKeySet ? "check" : "set";
    return fail("model", `${url} ${refused} (${status})`, `${fix} ANTHROPIC_API_KEY`);
  }
  if (status >= 500) return warn("model", `${url} answers ${status}`, "runs wait and try again");
  if (status >= 400 && !LISTS_NONE.includes(status)) {
    // LiteLLM without a database says 400 of a key that it does not know.
    const fix = "runs are refused likewise, perhaps: check ANTHROPIC_BASE_URL and the key";
    return warn("model", `${url} answers ${status} when asked for its models`, fix);
  }
  return ok("model", `${url}, ${isKeySet ? "key accepted" : "no key is set, and none asked for"}`);
}

/** Not every server has such a list. */
const LISTS_NONE: readonly number[] = [404, 405];

interface Look {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly send: typeof fetch;
}

interface Listed {
  readonly status: number | undefined;
  /** Null where it lists none. */
  readonly ids: readonly string[] | null;
}

const LIST = z.object({ data: z.array(z.object({ id: z.string() })) });
const SHOWN_MAX = 8;

async function listModels({ url, headers, send }: Look): Promise<Listed> {
  try {
    const signal = AbortSignal.timeout(HTTP_TIMEOUT_MS);
    const response = await send(`${url}/v1/models?limit=1000`, { headers, signal });
    const body: unknown = await response.json().catch(() => null);
    const list = response.ok ? LIST.safeParse(body) : null;
    const ids = list?.success === true ? list.data.data.map(({ id }) => id) : null;
    return { status: response.status, ids };
  } catch {
    return { status: undefined, ids: null };
  }
}

/** Which of the models that runs will ask for it has: by its list, or asked for by name. */
async function tierCheck(
  look: Look,
  ids: readonly string[] | null,
  { models: { table } }: Config,
): Promise<Check> {
  const wanted = [...new Set(Object.values(table.tiers))];
  const isThere = async (id: string): Promise<boolean> =>
    ids?.some((other) => isSameModel(id, other)) === true ||
    (await answers(`${look.url}/v1/models/${encodeURIComponent(id)}`, look.headers, look.send)) ===
      200;
  const there = await Promise.all(wanted.map(isThere));
  const tiersOf = (isServed: boolean): string =>
    TIER_NAMES.filter((tier) => there[wanted.indexOf(table.tiers[tier])] === isServed)
      .map((tier) => `${tier} (${table.tiers[tier]})`)
      .join(", ");
  const [served, unserved] = [tiersOf(true), tiersOf(false)];
  if (unserved === "") return ok("tiers", served);
  const known = (ids ?? []).slice(0, SHOWN_MAX).join(", ");
  const has = known === "" ? "" : `; it has ${known}${(ids ?? []).length > SHOWN_MAX ? ", …" : ""}`;
  return warn(
    "tiers",
    `${look.url} does not name the model of ${unserved}${has}`,
    "name its models, their prices and which tiers they serve in PAWL_MODELS_FILE (docs/models.md)",
  );
}

export async function answers(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  send: typeof fetch = fetch,
): Promise<number | undefined> {
  try {
    const signal = AbortSignal.timeout(HTTP_TIMEOUT_MS);
    return (await send(url, { headers, signal })).status;
  } catch {
    return undefined;
  }
}
