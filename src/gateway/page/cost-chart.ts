// What each turn cost, as bars; the part that paid for lost attempts stands out.

import { usd } from "./format.ts";
import type { TurnCost } from "./run-items.ts";
import { html, type Child } from "./vendor/preact.js";

const WIDTH = 320;
const HEIGHT = 72;
/** Beyond this many turns the bars stand for several turns each. */
const BARS_MAX = 80;

export function CostChart({ costs }: { costs: readonly TurnCost[] }): Child {
  if (costs.length === 0) return null;
  const bars = grouped(costs);
  const highest = Math.max(...bars.map(({ costUsd, crashTaxUsd }) => costUsd + crashTaxUsd), 1e-9);
  const step = WIDTH / Math.max(bars.length, 12);
  const height = (amount: number): number => (amount / highest) * (HEIGHT - 4);
  const total = costs.reduce((sum, { costUsd, crashTaxUsd }) => sum + costUsd + crashTaxUsd, 0);
  const label = `Cost per turn: ${costs.length} turns, ${usd(total)} in all, at most ${usd(highest)}`;
  return html`<figure class="chart">
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${label}>
      <line class="axis" x1="0" x2=${WIDTH} y1=${HEIGHT - 0.5} y2=${HEIGHT - 0.5} />
      ${bars.map(({ name, costUsd, crashTaxUsd }, index) => {
        const own = Math.max(height(costUsd), 1);
        const tax = height(crashTaxUsd);
        const x = index * step + step * 0.1;
        return html`<g key=${name}>
          <title>
            ${name}: ${usd(costUsd)}${crashTaxUsd > 0 ? ` + ${usd(crashTaxUsd)} lost` : ""}
          </title>
          <rect class="cost" x=${x} y=${HEIGHT - own} width=${step * 0.8} height=${own} rx="1" />
          <rect
            class="cost is-tax"
            x=${x}
            y=${HEIGHT - own - tax}
            width=${step * 0.8}
            height=${tax}
            rx="1"
          />
        </g>`;
      })}
    </svg>
    <figcaption class="muted">
      <span>highest ${usd(highest)}</span><span>average ${usd(total / costs.length)}</span>
    </figcaption>
  </figure>`;
}

interface Bar extends Omit<TurnCost, "turn"> {
  readonly name: string;
}

function grouped(costs: readonly TurnCost[]): readonly Bar[] {
  const size = Math.ceil(costs.length / BARS_MAX);
  const bars: Bar[] = [];
  for (let from = 0; from < costs.length; from += size) {
    const group = costs.slice(from, from + size);
    const first = group[0]?.turn ?? 0;
    const last = group.at(-1)?.turn ?? 0;
    bars.push({
      name: first === last ? `turn ${first}` : `turns ${first} to ${last}, average`,
      costUsd: group.reduce((sum, turn) => sum + turn.costUsd, 0) / group.length,
      crashTaxUsd: group.reduce((sum, turn) => sum + turn.crashTaxUsd, 0) / group.length,
    });
  }
  return bars;
}
