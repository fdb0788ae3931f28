// Who answers runs that are started in this shell, and how it is reached.

import type { Config } from "../config.ts";
import { baseUrlOf } from "../domain/provider.ts";
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
      "offline: a small planner over bundled facts answers, and costs are simulated; set ANTHROPIC_API_KEY";
    const url = stack?.modelUrl;
    if (!url || (await answers(url)) !== undefined) return [ok("model", detail)];
    return [
      fail("model", `the offline model at ${url} does not answer`, "pawl stop, then run again"),
    ];
  }
  const url = baseUrlOf(config.provider.baseUrl);
  const headers = {
    "x-api-key": config.provider.apiKey ?? "",
    "anthropic-version": "2023-06-01",
  };
  const status = await answers(`${url}/v1/models?limit=1`, headers, outboundFetch(config.proxy));
  return [modelCheck(url, status)];
}

function modelCheck(url: string, status: number | undefined): Check {
  if (status === undefined) {
    const fix = "check the network, ANTHROPIC_BASE_URL and HTTPS_PROXY";
    return fail("model", `${url} can't be reached`, fix);
  }
  if (status === 401 || status === 403) {
    return fail("model", `${url} refuses the key (${status})`, "check ANTHROPIC_API_KEY");
  }
  if (status >= 500) return warn("model", `${url} answers ${status}`, "runs wait and try again");
  return ok("model", `${url}, key accepted`);
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
