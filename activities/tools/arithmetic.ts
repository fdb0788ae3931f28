// The operators and functions of the calculator. Each takes and gives finite numbers or says what is
// wrong, so that no Infinity and no NaN travels on and turns into a plausible answer.

import { ToolError } from "./tool-error.ts";

type Operation = (...operands: number[]) => number;

/** 171! is beyond what a double can hold. */
const FACTORIAL_MAX = 170;
const DIGITS_MAX = 15;

const plain = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => (b === 0 ? fail("division by zero", "Check the divisor.") : a / b),
  "%": (a, b) => (b === 0 ? fail("remainder of a division by zero", "Check the divisor.") : a % b),
  "^": Math.pow,
} satisfies Record<string, (a: number, b: number) => number>;

export const ARITHMETIC_OPERATORS = {
  unary: { "-": (a: number) => -a, "+": (a: number) => a, "!": checked("!", 1, 1, factorial) },
  binary: {
    "+": checked("+", 2, 2, plain["+"]),
    "-": checked("-", 2, 2, plain["-"]),
    "*": checked("*", 2, 2, plain["*"]),
    "/": checked("/", 2, 2, plain["/"]),
    "%": checked("%", 2, 2, plain["%"]),
    "^": checked("^", 2, 2, plain["^"]),
  },
} as const;

export const ARITHMETIC_CONSTANTS = { pi: Math.PI, e: Math.E } as const;

export const ARITHMETIC_FUNCTIONS: Readonly<Record<string, Operation>> = {
  abs: checked("abs", 1, 1, Math.abs),
  sqrt: checked("sqrt", 1, 1, Math.sqrt),
  cbrt: checked("cbrt", 1, 1, Math.cbrt),
  exp: checked("exp", 1, 1, Math.exp),
  ln: checked("ln", 1, 1, ofPositive(Math.log)),
  log10: checked("log10", 1, 1, ofPositive(Math.log10)),
  log2: checked("log2", 1, 1, ofPositive(Math.log2)),
  floor: checked("floor", 1, 1, Math.floor),
  ceil: checked("ceil", 1, 1, Math.ceil),
  trunc: checked("trunc", 1, 1, Math.trunc),
  sign: checked("sign", 1, 1, Math.sign),
  round: checked("round", 1, 2, round),
  min: checked("min", 1, 100, Math.min),
  max: checked("max", 1, 100, Math.max),
  sum: checked("sum", 1, 100, (...all) => all.reduce((total, each) => total + each, 0)),
  mean: checked("mean", 1, 100, (...all) => all.reduce((sum, each) => sum + each, 0) / all.length),
  hypot: checked("hypot", 1, 100, Math.hypot),
  pow: checked("pow", 2, 2, plain["^"]),
  mod: checked("mod", 2, 2, (a, b) => plain["%"](plain["%"](a, b) + b, b)),
  sin: checked("sin", 1, 1, Math.sin),
  cos: checked("cos", 1, 1, Math.cos),
  tan: checked("tan", 1, 1, Math.tan),
  asin: checked("asin", 1, 1, Math.asin),
  acos: checked("acos", 1, 1, Math.acos),
  atan: checked("atan", 1, 1, Math.atan),
  atan2: checked("atan2", 2, 2, Math.atan2),
};

/** Their commas separate arguments; the comma in `sqrt(1,000)` can only group digits. */
export function takesSeveral(name: string): boolean {
  return ["round", "min", "max", "sum", "mean", "hypot", "pow", "mod", "atan2"].includes(name);
}

// oxlint-disable-next-line max-params -- reads as a table row above
function checked(
  name: string,
  operandsMin: number,
  operandsMax: number,
  operation: Operation,
): Operation {
  return (...operands) => {
    if (operands.length < operandsMin || operands.length > operandsMax) {
      const wanted = operandsMin === operandsMax ? operandsMin : `${operandsMin} to ${operandsMax}`;
      fail(`${name} takes ${wanted} numbers and got ${operands.length}`, "Check the arguments.");
    }
    // `sqrt` without parentheses is a function where a number is expected.
    if (!operands.every((operand) => typeof operand === "number" && Number.isFinite(operand))) {
      fail(`${name} got something that is no number`, "Call every function: sqrt(2), not sqrt.");
    }
    const result = operation(...operands);
    if (Number.isNaN(result)) {
      fail(`${name}(${operands.join(", ")}) has no real value`, "Check the sign of the operands.");
    }
    if (!Number.isFinite(result)) {
      const tooLarge = `${name}(${operands.join(", ")}) is too large: the largest number is about 1.8e308`;
      fail(tooLarge, "Use smaller numbers, or calculate with logarithms: b * log10(a).");
    }
    return result;
  };
}

/** The logarithm of zero has no value; -Infinity would be reported as too large a number. */
function ofPositive(logarithm: (value: number) => number): Operation {
  return (value = 0) => (value > 0 ? logarithm(value) : Number.NaN);
}

function factorial(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > FACTORIAL_MAX) {
    fail(
      `${value}! can't be calculated: it takes a whole number from 0 to ${FACTORIAL_MAX}`,
      "Use a smaller whole number.",
    );
  }
  let product = 1;
  for (let factor = 2; factor <= value; factor += 1) product *= factor;
  return product;
}

function round(value: number, digits = 0): number {
  if (!Number.isInteger(digits) || Math.abs(digits) > DIGITS_MAX) {
    fail(
      `round(x, digits) takes -${DIGITS_MAX} to ${DIGITS_MAX} digits`,
      "Use fewer digits, for example round(x, 2).",
    );
  }
  // Through the decimal notation: 1.005 * 100 is 100.49999999999999.
  const shifted = Math.round(scaled(Math.abs(value), digits));
  return Math.sign(value) * scaled(shifted, -digits);
}

function scaled(value: number, power: number): number {
  const [mantissa = "0", exponent = "0"] = String(value).split("e");
  return Number(`${mantissa}e${Number(exponent) + power}`);
}

function fail(what: string, suggestion: string): never {
  throw new ToolError(`${what[0]?.toUpperCase()}${what.slice(1)}.`, { suggestion });
}
