// Who this run is, and how it stands.

import type { Outcome } from "../../domain/outcome.ts";
import type { RunShown } from "./api.ts";
import { count, percent, usd, words } from "./format.ts";
import { Copyable, Figure, StatusPill, Text } from "./parts.ts";
import type { Figures } from "./run-items.ts";
import type { RunModel } from "./run-model.ts";
import { Steering, type StatusNow, type Steers } from "./steering.ts";
import { html, type Child, type VNode } from "./vendor/preact.js";

export const HEADING_CHARS = 140;

interface HeadProps {
  readonly runId: string;
  readonly task: string;
  readonly shown: RunShown | null;
  readonly model: RunModel;
  readonly status: StatusNow;
  readonly steers: Steers;
}

export function RunHead({ runId, task, shown, model, status, steers }: HeadProps): VNode {
  const { figures } = model;
  return html`<header class="run-head">
    <div class="run-title">
      <h1 tabindex="-1"><${Text} text=${task === "" ? runId : heading(task)} /></h1>
      <${StatusPill} status=${status.status} outcome=${status.outcome} />
    </div>
    <${Ids} runId=${runId} shown=${shown} name=${model.model ?? shown?.model ?? null} />
    <${Reason} outcome=${model.result?.outcome ?? shown?.outcome ?? null} />
    ${
      model.offline &&
      html`<p class="offline">Offline model: replies are simulated, and so is what they cost.</p>`
    }
    <div class="run-bar">
      <dl class="figures">
        <${Figure} label="spent">
          ${model.free ? "free" : usd(spentOf(figures, shown, status))}${!model.free && figures.capUsd !== null && html`<small> of ${usd(figures.capUsd)}</small>`}
          <${Held} shown=${shown} status=${status} />
        <//>
        <${Figure} label="turns">${figures.turns}<//>
        <${Figure} label="tokens in">${count(figures.inputTokens)}<//>
        <${Figure} label="tokens out">${count(figures.outputTokens)}<//>
      </dl>
      ${status.status !== "ended" && html`<${Steering} status=${status} steers=${steers} />`}
    </div>
  </header>`;
}

/** The ledger knows of lost attempts before the events tell of them; the end of a run tells all. */
function spentOf({ spentUsd }: Figures, shown: RunShown | null, { status }: StatusNow): number {
  return status === "ended" ? spentUsd : Math.max(spentUsd, shown?.costUsd ?? 0);
}

function Held({ shown, status }: { shown: RunShown | null; status: StatusNow }): Child {
  const { heldUsd = 0, fearedUsd = 0 } = shown ?? {};
  if (status.status === "ended" || heldUsd + fearedUsd === 0) return null;
  const parts = [
    ...(heldUsd > 0 ? [`${usd(heldUsd)} held`] : []),
    ...(fearedUsd > 0 ? [`${usd(fearedUsd)} feared`] : []),
  ];
  return html`<small> · ${parts.join(", ")}</small>`;
}

interface IdsProps {
  readonly runId: string;
  readonly shown: RunShown | null;
  /** Of the model. */
  readonly name: string | null;
}

function Ids({ runId, shown, name }: IdsProps): VNode {
  const link = webLink(shown?.link ?? null);
  return html`<p class="muted ids">
    <span class="mono">${runId}</span> <${Copyable} text=${runId} label="the run id" />
    ${shown !== null && html` · <${Text} text=${shown.agent} />`}
    ${name !== null && html` · <span class="mono"><${Text} text=${name} /></span>`}
    ${shown !== null && shown.permission !== null && html` · permission ${shown.permission}`}
    ${
      link !== null &&
      html` · <a href=${link} target="_blank" rel="noreferrer noopener">Temporal's Web UI</a>`
    }
  </p>`;
}

/** Why a run ended without an answer, where it is seen first. */
function Reason({ outcome }: { outcome: Outcome | null }): Child {
  if (outcome === null || outcome.kind === "answered") return null;
  const what =
    outcome.kind === "stopped"
      ? `Stopped by its ${words(outcome.limit)} limit`
      : `${outcome.kind.charAt(0).toUpperCase()}${outcome.kind.slice(1)}`;
  return html`<p class=${`reason is-${outcome.kind}`}>
    <${Text} text=${`${what}: ${outcome.message}`} />
  </p>`;
}

/** The whole of a long task stands at the top of the conversation. */
function heading(task: string): string {
  const line = task.replace(/\s+/g, " ").trim();
  return line.length <= HEADING_CHARS ? line : `${line.slice(0, HEADING_CHARS)}…`;
}

/** Only an address of the web: whatever else it says is shown nowhere. */
function webLink(link: string | null): string | null {
  return link !== null && /^https?:\/\//.test(link) ? link : null;
}

export function BudgetMeter({ figures }: { figures: Figures }): Child {
  const { spentUsd, capUsd } = figures;
  if (capUsd === null || capUsd <= 0) return null;
  const used = Math.min(spentUsd / capUsd, 1);
  const look = used >= 1 ? "is-full" : used >= 0.8 ? "is-near" : "";
  return html`<div class="budget">
    <div
      class=${`meter ${look}`}
      role="meter"
      aria-label="Spent of the run's budget"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.round(used * 100)}
      aria-valuetext=${`${usd(spentUsd)} of ${usd(capUsd)}`}
    >
      <i style=${{ width: `${(used * 100).toFixed(2)}%` }}></i>
    </div>
    <p class="muted ends">
      <span>${usd(spentUsd)} · ${percent(used)}</span><span>${usd(capUsd)}</span>
    </p>
  </div>`;
}
