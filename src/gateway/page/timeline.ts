// What the run did when: model calls, tools with each of their attempts, and waits (hatched).

import { duration, words } from "./format.ts";
import type { Item, Retry } from "./run-items.ts";
import { createTimeScale, type Span, type TimeScale } from "./time-scale.ts";
import { html, useState, type Child, type VNode } from "./vendor/preact.js";
import { shownLine } from "../../domain/shown-text.ts";

interface Step extends Span {
  readonly key: number;
  readonly kind: "model" | "tool" | "wait";
  readonly label: string;
  readonly isFailed: boolean;
  readonly isOpen: boolean;
  readonly retries: readonly Retry[];
}

const ROWS_SHOWN = 24;

export function Timeline({ items, nowMs }: { items: readonly Item[]; nowMs: number }): Child {
  const [isWhole, setIsWhole] = useState(false);
  const steps = items.flatMap((item) => stepsOf(item, nowMs));
  const shown = isWhole ? steps : steps.slice(-ROWS_SHOWN);
  const first = shown[0];
  if (first === undefined) return null;
  const fromMs = Math.min(...shown.map((step) => step.fromMs));
  const toMs = Math.max(...shown.map((step) => step.toMs), fromMs + 1);
  const scale = createTimeScale(
    { fromMs, toMs },
    shown.filter(({ kind }) => kind === "wait"),
  );
  const left = steps.length - shown.length;
  return html`<div class="timeline">
    ${
      left > 0 &&
      html`<button type="button" class="quiet" onClick=${() => setIsWhole(true)}>
        ${left} earlier steps
      </button>`
    }
    <ol aria-label="Steps in time">
      ${shown.map((step) => html`<${Row} key=${step.key} step=${step} scale=${scale} />`)}
    </ol>
    <p class="muted ends"><span>0</span><span>${duration(toMs - fromMs)}</span></p>
  </div>`;
}

function stepsOf(item: Item, nowMs: number): readonly Step[] {
  const { key } = item;
  switch (item.kind) {
    case "reply": {
      const { fromMs, retries, isOpen } = item;
      const toMs = item.toMs ?? nowMs;
      const label = `turn ${item.turn}`;
      return [{ key, kind: "model", label, fromMs, toMs, retries, isOpen, isFailed: false }];
    }
    case "tool": {
      const { fromMs, retries, isError } = item;
      const isOpen = item.toMs === null;
      const toMs = item.durationMs === null ? (item.toMs ?? nowMs) : fromMs + item.durationMs;
      const label = shownLine(item.tool, 40);
      return [{ key, kind: "tool", label, fromMs, toMs, retries, isOpen, isFailed: isError }];
    }
    case "approval":
      return [waitStep(item, { label: `approval: ${shownLine(item.asked.tool, 30)}`, nowMs })];
    case "question":
      return [waitStep(item, { label: `question: ${shownLine(item.asked.tool, 30)}`, nowMs })];
    case "note":
      return item.tone === "wait"
        ? [waitStep(item, { label: shownLine(item.text, 30), nowMs })]
        : [];
    case "task":
    case "message":
    case "end":
      return [];
  }
}

function waitStep(
  item: { key: number; fromMs: number; toMs: number | null },
  { label, nowMs }: { label: string; nowMs: number },
): Step {
  const { key, fromMs } = item;
  const toMs = item.toMs ?? nowMs;
  const isOpen = item.toMs === null;
  return { key, kind: "wait", label, fromMs, toMs, isOpen, retries: [], isFailed: false };
}

function Row({ step, scale }: { step: Step; scale: TimeScale }): VNode {
  const attempts = step.retries.length + 1;
  const tries = attempts > 1 ? `, ${attempts} attempts` : "";
  const state = step.isOpen ? ", under way" : step.isFailed ? ", failed" : "";
  const took = duration(step.toMs - step.fromMs);
  return html`<li title=${`${words(step.label)}: ${took}${tries}${state}`}>
    <span class="label">${step.label}</span>
    <span class="track" aria-hidden="true">
      ${segmentsOf(step).map(
        ({ fromMs, toMs, look }) =>
          html`<i class=${`seg is-${look}`} style=${placed(scale.at(fromMs), scale.at(toMs))}></i>`,
      )}
    </span>
    <span class="took">${attempts > 1 && html`<b>${attempts}×</b> `}${took}</span>
    <span class="sr-only">${tries}${state}</span>
  </li>`;
}

interface Segment extends Span {
  readonly look: string;
}

/** Each attempt that failed, the wait behind it, and the attempt that did it. */
function segmentsOf(step: Step): readonly Segment[] {
  const segments: Segment[] = [];
  let fromMs = step.fromMs;
  for (const { atMs, nextMs } of step.retries) {
    const againMs = Math.min(nextMs ?? atMs, step.toMs);
    segments.push({ fromMs, toMs: atMs, look: "lost" });
    segments.push({ fromMs: atMs, toMs: againMs, look: "wait" });
    fromMs = againMs;
  }
  const look = step.isFailed ? "failed" : step.kind;
  segments.push({ fromMs, toMs: step.toMs, look: step.isOpen ? `${look} is-open` : look });
  return segments;
}

function placed(from: number, to: number): Record<string, string> {
  const left = Math.min(from, 0.99);
  const width = Math.max(to - from, 0.01);
  return { left: `${(left * 100).toFixed(2)}%`, width: `${(width * 100).toFixed(2)}%` };
}
