// All runs, the newest first. The list refreshes itself, but never moves under a reader: runs that
// came meanwhile wait behind a button unless nobody can be reading or pointing at a row.

import { addressOf } from "./address.ts";
import { api, storedKey, type RunListed, type RunPage } from "./api.ts";
import { ago, clock, duration, usd } from "./format.ts";
import { useNow, usePolled, useTitle } from "./hooks.ts";
import { focusOn, useKeys } from "./shortcuts.ts";
import { Copyable, StatusPill, Text, Trouble, valueOf } from "./parts.ts";
import { listHref, queryOf, runHref, type Filters } from "./route.ts";
import { StatsStrip } from "./stats-strip.ts";
import { html, useEffect, useRef, useState, type Child, type VNode } from "./vendor/preact.js";

const REFRESH_MS = 3000;
const PAGE_RUNS = 30;
const STATUSES = ["", "running", "waiting", "paused", "ended"];
const OUTCOMES = ["", "answered", "stopped", "refused", "cancelled", "failed"];

export function ListPage({ filters }: { filters: Filters }): VNode {
  useTitle("Runs");
  useKeys({ "/": () => focusOn("#filter-agent") });
  const list = useRuns(filters);
  return html`<main id="main">
    <h1 tabindex="-1" class="sr-only">Runs</h1>
    <${StatsStrip} />
    <${FilterBar} filters=${filters} />
    <${Trouble} error=${list.error} />
    ${
      list.fresh > 0 &&
      html`<button type="button" class="fresh" onClick=${list.showFresh}>
        ${list.fresh} new ${list.fresh === 1 ? "run" : "runs"}: show
      </button>`
    }
    <${RunTable} runs=${list.runs} />
    ${list.isEmpty && html`<${Empty} filters=${filters} />`}
    ${
      list.next !== null &&
      html`<button type="button" class="more" onClick=${list.more}>More</button>`
    }
  </main>`;
}

interface Shown {
  readonly runs: readonly RunListed[];
  /** The cursor behind the last run that is shown. */
  readonly next: string | null;
}

function useRuns(filters: Filters) {
  const inputs = [filters.status, filters.outcome, filters.agent];
  const load = (cursor: string): Promise<RunPage> => {
    const query = queryOf({ ...filters });
    query.set("limit", String(PAGE_RUNS));
    if (cursor !== "") query.set("cursor", cursor);
    return api.runs(query);
  };
  const first = usePolled(() => load(""), REFRESH_MS, inputs);
  const [shown, setShown] = useState<Shown | null>(null);
  const held = useRef<RunPage | null>(null);
  const [fresh, setFresh] = useState(0);

  const take = (page: RunPage | null, isForced: boolean): void => {
    if (page === null) return;
    setShown((before) => {
      const known = new Set(before?.runs.map(({ runId }) => runId));
      const added = before === null ? 0 : page.runs.filter(({ runId }) => !known.has(runId)).length;
      const isHeld = added > 0 && !isForced && isBeingRead();
      held.current = isHeld ? page : null;
      setFresh(isHeld ? added : 0);
      return merged(before, page, isHeld);
    });
  };
  useEffect(() => setShown(null), inputs);
  useEffect(() => take(first.data, false), [first.data]);

  const more = async (): Promise<void> => {
    const page = await load(shown?.next ?? "").catch(() => null);
    if (page === null) return;
    setShown((before) => {
      const known = new Set(before?.runs.map(({ runId }) => runId));
      const added = page.runs.filter(({ runId }) => !known.has(runId));
      return { runs: [...(before?.runs ?? []), ...added], next: page.next };
    });
  };
  const runs = shown?.runs ?? [];
  return {
    runs,
    next: shown?.next ?? null,
    error: first.error,
    fresh,
    isEmpty: shown !== null && runs.length === 0 && first.error === null,
    more,
    showFresh: () => take(held.current, true),
  };
}

/** Rows that are shown get their new figures in any case; only new rows can be held back. */
function merged(before: Shown | null, page: RunPage, isHeld: boolean): Shown {
  if (before === null) return page;
  const latest = new Map(page.runs.map((run) => [run.runId, run]));
  if (isHeld) {
    return { ...before, runs: before.runs.map((run) => latest.get(run.runId) ?? run) };
  }
  const oldest = page.runs.at(-1)?.startedAt ?? "";
  const older = page.next === null ? [] : before.runs.filter((run) => isOlder(run, oldest, latest));
  const isLonger = older.length > 0;
  return { runs: [...page.runs, ...older], next: isLonger ? before.next : page.next };
}

function isOlder(run: RunListed, than: string, latest: ReadonlyMap<string, unknown>): boolean {
  return !latest.has(run.runId) && run.startedAt <= than;
}

function isBeingRead(): boolean {
  return window.scrollY > 0 || document.querySelector(".runs:hover, .runs :focus") !== null;
}

function FilterBar({ filters }: { filters: Filters }): VNode {
  const go = (change: Partial<Filters>): void => {
    location.hash = listHref({ ...filters, ...change });
  };
  return html`<div class="filters" role="search" aria-label="Filter the runs">
    <nav class="segments" aria-label="Status">
      ${STATUSES.map((status) => {
        const isCurrent = filters.status === status;
        const outcome = status === "" || status === "ended" ? filters.outcome : "";
        return html`<a
          href=${listHref({ ...filters, status, outcome })}
          aria-current=${isCurrent ? "true" : undefined}
          >${status === "" ? "all" : status}</a
        >`;
      })}
    </nav>
    <label class="inline">
      Outcome
      <select
        value=${filters.outcome}
        onChange=${(event: Event) => go({ outcome: valueOf(event), status: "" })}
      >
        ${OUTCOMES.map(
          (outcome) => html`<option value=${outcome}>${outcome === "" ? "any" : outcome}</option>`,
        )}
      </select>
    </label>
    <label class="inline">
      Agent
      <input
        id="filter-agent"
        type="search"
        placeholder="any"
        autocomplete="off"
        spellcheck="false"
        value=${filters.agent}
        onChange=${(event: Event) => go({ agent: valueOf(event).trim() })}
      />
    </label>
  </div>`;
}

function RunTable({ runs }: { runs: readonly RunListed[] }): Child {
  const nowMs = useNow(5000);
  if (runs.length === 0) return null;
  return html`<table class="runs">
    <thead>
      <tr>
        <th scope="col">Status</th>
        <th scope="col">Task</th>
        <th scope="col">Agent</th>
        <th scope="col" class="number">Turns</th>
        <th scope="col" class="number">Cost</th>
        <th scope="col" class="number">Took</th>
        <th scope="col" class="number">Started</th>
      </tr>
    </thead>
    <tbody>
      ${runs.map((run) => html`<${Row} key=${run.runId} run=${run} nowMs=${nowMs} />`)}
    </tbody>
  </table>`;
}

function Row({ run, nowMs }: { run: RunListed; nowMs: number }): VNode {
  const endMs = run.endedAt === null ? nowMs : Date.parse(run.endedAt);
  const { status, outcome } = run;
  return html`<tr>
    <td class="c-status"><${StatusPill} status=${status} outcome=${outcome} /></td>
    <td class="c-task">
      <a href=${runHref(run.runId)} data-step><${Text} text=${run.task || run.runId} /></a>
      ${run.flagged !== undefined && html`${" "}<span title=${`flagged: ${run.flagged.join(", ")}`}>⚑</span>`}
    </td>
    <td class="c-agent"><${Text} text=${run.agent} /></td>
    <td class="number c-turns">${run.turns}</td>
    <td class="number c-cost">${run.free === true ? "free" : usd(run.costUsd)}</td>
    <td class="number c-took">${duration(endMs - Date.parse(run.startedAt))}</td>
    <td class="number c-started" title=${clock(run.startedAt)}>${ago(run.startedAt, nowMs)}</td>
  </tr>`;
}

function Empty({ filters }: { filters: Filters }): VNode {
  if (queryOf({ ...filters }).size > 0) {
    return html`<p class="empty">No run matches. <a href="#/">Show all runs</a></p>`;
  }
  const key = storedKey();
  const shown = key?.startsWith("pawl_local_") === true ? "$(cat .pawl/local.token)" : "$PAWL_KEY";
  const command = [
    `curl -s ${addressOf("v1/runs")} \\`,
    ...(key === null ? [] : [`  -H "Authorization: Bearer ${shown}" \\`]),
    "  -H 'Content-Type: application/json' \\",
    `  -d '{"task": "What is the population of Iceland, and 7 % of it?"}'`,
  ].join("\n");
  return html`<section class="empty" aria-label="How to begin">
    <h2>No runs yet</h2>
    <p>Start one from a terminal; it appears here by itself.</p>
    <div class="command">
      <pre tabindex="0" role="region" aria-label="Command">${command}</pre>
      <${Copyable} text=${command} label="the command" />
    </div>
  </section>`;
}
