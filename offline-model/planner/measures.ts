// Quantities in sentences: which kind a property has, and the number a sentence gives for it.

export type Measure = "people" | "length" | "area" | "temperature" | "mass" | "speed" | "year";

interface MeasureRule {
  readonly property: RegExp;
  /** Number, magnitude word, unit. */
  readonly value: RegExp;
  /** Into the unit in which the planner reckons. */
  readonly factors: Readonly<Record<string, number>>;
  readonly unit: string;
}

const NUMBER = String.raw`(-?\d[\d,]*(?:\.\d+)?)\s*(billion|million|thousand)?\s*`;
const MAGNITUDES: Readonly<Record<string, number>> = { thousand: 1e3, million: 1e6, billion: 1e9 };

const RULES: Readonly<Record<Measure, MeasureRule>> = {
  people: {
    property: /population|people|inhabitants/,
    value: new RegExp(`${NUMBER}(people|inhabitants|residents)?`, "gi"),
    factors: {},
    unit: "people",
  },
  area: {
    property: /area|size/,
    value: new RegExp(`${NUMBER}(km²|km2|sq\\.? km|square kilomet(?:re|er)s?)`, "gi"),
    factors: {},
    unit: "km²",
  },
  length: {
    property: /height|elevation|length|depth|width|diameter|radius|distance|altitude|circumference/,
    value: new RegExp(`${NUMBER}(km|kilomet(?:re|er)s?|m|met(?:re|er)s?)(?![a-z²/])`, "gi"),
    factors: {
      km: 1_000,
      kilometre: 1_000,
      kilometres: 1_000,
      kilometer: 1_000,
      kilometers: 1_000,
    },
    unit: "m",
  },
  temperature: {
    property: /boiling|melting|freezing|temperature/,
    value: new RegExp(`${NUMBER}(°C|degrees Celsius)`, "gi"),
    factors: {},
    unit: "°C",
  },
  mass: {
    property: /mass|weight/,
    value: new RegExp(`${NUMBER}(kg|kilograms?|tonnes?|t)\\b`, "gi"),
    factors: { tonne: 1_000, tonnes: 1_000, t: 1_000 },
    unit: "kg",
  },
  speed: {
    property: /speed|velocity/,
    value: new RegExp(`${NUMBER}(km/s|m/s|km/h)`, "gi"),
    factors: { "km/s": 1_000, "km/h": 1 / 3.6 },
    unit: "m/s",
  },
  year: { property: /\byear\b/, value: /\b(1\d{3}|20\d{2})\b/g, factors: {}, unit: "" },
};

export function measureOf(property: string): Measure | undefined {
  const order: readonly Measure[] = [
    "people",
    "area",
    "length",
    "temperature",
    "mass",
    "speed",
    "year",
  ];
  return order.find((measure) => RULES[measure].property.test(property.toLowerCase()));
}

export function unitOf(measure: Measure): string {
  return RULES[measure].unit;
}

/** The number nearest behind the words that name the property; the first one where none does. */
export function valueIn(sentence: string, measure: Measure, property: string): number | undefined {
  const rule = RULES[measure];
  const named = sentence.toLowerCase().indexOf(property.toLowerCase());
  const values = [...sentence.matchAll(rule.value)].flatMap((match) => {
    const [, digits = "", magnitude = "", unit = ""] = match;
    const bare = Number(digits.replaceAll(",", ""));
    const isYear = magnitude === "" && unit === "" && /^(1\d|20)\d\d$/.test(digits);
    const isCount = magnitude !== "" || unit !== "" || bare >= 1_000;
    if (measure === "people" && (isYear || !isCount)) return [];
    const factor =
      (MAGNITUDES[magnitude.toLowerCase()] ?? 1) * (rule.factors[unit.toLowerCase()] ?? 1);
    return [{ at: match.index, value: bare * factor }];
  });
  return (values.find(({ at }) => at > named) ?? values[0])?.value;
}
