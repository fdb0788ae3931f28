// Durations as people write them.

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Of `120s`, `5m`, `1.5h` in milliseconds; a bare number counts seconds. Null of what is none. */
export function durationIn(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  const unit = match?.[2] ?? "s";
  const ms = isUnit(unit) ? Math.round(Number(match?.[1]) * UNIT_MS[unit]) : Number.NaN;
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}

function isUnit(unit: string): unit is keyof typeof UNIT_MS {
  return Object.hasOwn(UNIT_MS, unit);
}
