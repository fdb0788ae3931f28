// The figures above the list: what happens now, what today has cost, who works.

import { api, type Stats } from "./api.ts";
import { count, duration, percent, usd } from "./format.ts";
import { usePolled } from "./hooks.ts";
import { Figure } from "./parts.ts";
import { listHref } from "./route.ts";
import { html, type Child, type VNode } from "./vendor/preact.js";

const REFRESH_MS = 4000;

export function StatsStrip(): VNode {
  const { data } = usePolled(api.stats, REFRESH_MS, []);
  const of = (key: Exclude<keyof Stats, "unserved">, show: (value: number) => Child): Child => {
    const value = data?.[key] ?? null;
    return value === null ? "–" : show(value);
  };
  const missing = data?.unserved ?? [];
  const unserved = missing.length === 0 ? "" : `, none for ${missing.join(", ")}`;
  const cap = data?.capTodayUsd ?? null;
  const linked = (status: string, value: number): VNode =>
    html`<a href=${listHref({ status })}>${count(value)}</a>`;
  return html`<dl class="stats" aria-label="Live figures">
    <${Figure} label="active">${of("active", (value) => linked("running", value))}<//>
    <${Figure} label="waiting">${of("waiting", (value) => linked("waiting", value))}<//>
    <${Figure} label="paused">${of("paused", (value) => linked("paused", value))}<//>
    <${Figure} label="ended, 24 h">${of("endedLastDay", count)}<//>
    <${Figure} label="errors, 24 h">${of("errorRate", percent)}<//>
    <${Figure} label="average run">${of("avgDurationMs", duration)}<//>
    <${Figure} label=${cap === null ? "spent today" : `spent of ${usd(cap)} today`}>
      ${of("spentTodayUsd", usd)}
    <//>
    <${Figure} label="queue">${of("backlog", count)}<//>
    <${Figure} label="workers">
      <span class=${unserved === "" ? "" : "is-bad"}>${of("workers", count)}${unserved}</span>
    <//>
  </dl>`;
}
