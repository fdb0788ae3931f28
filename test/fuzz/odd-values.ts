// Values that nobody expects, drawn from a seed so that what was found can be found again.

export interface Dice {
  /** A whole number from 0 up to, and not including, `below`. */
  upTo(below: number): number;
  oneOf<T>(values: readonly T[]): T;
  chance(share: number): boolean;
}

/** Mulberry32: small, and good enough to be surprising. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (below: number): number => Math.floor(next() * below);
  return {
    upTo,
    chance: (share) => next() < share,
    oneOf<T>(values: readonly T[]): T {
      const value = values[upTo(values.length)];
      if (value === undefined) throw new Error("one of nothing");
      return value;
    },
  };
}

const TEXTS: readonly string[] = [
  "",
  " ",
  "\u0000",
  "\u001b[31m",
  "\u202eabc",
  "\ud800",
  "a\u200bb",
  "../../etc/passwd",
  "' or '1'='1",
  "$(touch pwned)",
  "__proto__",
  "constructor",
  "NaN",
  "-1",
  "1e309",
  "9007199254740993",
  "%00",
  "\r\nX: y",
  "run_00000000000000000000000000000000",
  "a".repeat(5000),
  "😀".repeat(300),
];

export function oddText(dice: Dice): string {
  if (dice.chance(0.6)) return dice.oneOf(TEXTS);
  const length = dice.upTo(40);
  return Array.from({ length }, () => String.fromCharCode(dice.upTo(0xffff))).join("");
}

export function oddValue(dice: Dice, depth = 0): unknown {
  const kind = dice.upTo(depth > 3 ? 6 : 8);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
      return dice.oneOf([0, -1, 1.5, 1e308, -0, 2 ** 53, 1e-9, dice.upTo(1000)]);
    case 3:
    case 4:
    case 5:
      return oddText(dice);
    case 6:
      return Array.from({ length: dice.upTo(5) }, () => oddValue(dice, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: dice.upTo(5) }, () => [oddText(dice), oddValue(dice, depth + 1)]),
      );
  }
}

/** The same with one field changed, taken away or added. */
export function spoiled(dice: Dice, good: Readonly<Record<string, unknown>>): unknown {
  if (dice.chance(0.1)) return oddValue(dice);
  const copy: Record<string, unknown> = { ...good };
  const name = dice.oneOf([...Object.keys(good), oddText(dice)]);
  if (dice.chance(0.2)) delete copy[name];
  else copy[name] = oddValue(dice);
  return copy;
}
