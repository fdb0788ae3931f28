// Arithmetic, exactly as far as doubles go, and never a number that is not one: division by zero,
// overflow and roots of negative numbers are errors that say what to change.

import { z } from "zod";
import { Parser } from "expr-eval-fork";
import { readArithmetic } from "./arithmetic-notation.ts";
import { ARITHMETIC_CONSTANTS, ARITHMETIC_FUNCTIONS, ARITHMETIC_OPERATORS } from "./arithmetic.ts";
import { defineTool } from "./define-tool.ts";
import { ToolError } from "./tool-error.ts";

const CHARS_MAX = 500;

export const calculatorTool = defineTool({
  name: "calculator",
  description:
    "Evaluates one arithmetic expression. Use it for every calculation. " +
    "Operators: + - * / ^ ! and parentheses; % behind a number is percent (15% of 80), between numbers the remainder. " +
    `Functions: ${Object.keys(ARITHMETIC_FUNCTIONS).join(", ")} (angles in radians; ln is the natural logarithm). ` +
    "Constants: pi, e. Large numbers may be written 8,100,000,000 or 8.1 billion. " +
    'Returns {"expression": as it was understood, "result": the number, "rounded": for reading}.',
  input: z.object({
    expression: z.string().min(1).describe("For example: 8.1 billion / 148,940,000"),
  }),
  permission: "read",
  effect: "pure",
  inline: true,
  execute: ({ expression }) => calculate(expression),
});

export interface Calculation {
  /** The expression as it was understood. */
  readonly expression: string;
  readonly result: number;
  readonly rounded: string;
  readonly note?: string;
}

export function calculate(expression: string): Calculation {
  if (expression.length > CHARS_MAX) {
    throw new ToolError(`The expression has more than ${CHARS_MAX} characters.`, {
      suggestion: "Split it into several calculations.",
    });
  }
  const understood = readArithmetic(expression);
  const result = tidied(evaluate(understood));
  return {
    expression: understood,
    result,
    rounded: roundedForReading(result),
    ...(Math.abs(result) > Number.MAX_SAFE_INTEGER
      ? { note: "approximate: only the first 15 digits are exact" }
      : {}),
  };
}

function evaluate(understood: string): number {
  let value: unknown;
  try {
    value = createParser().parse(understood).evaluate();
  } catch (error) {
    if (error instanceof ToolError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ToolError(`"${understood}" can't be read as arithmetic: ${reason}.`, {
      suggestion: "Check parentheses and operators, and write every multiplication as *.",
    });
  }
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ToolError(`"${understood}" is not a number.`, {
    suggestion: "Write one expression that gives one number, with every function called: sqrt(2).",
  });
}

// The library's own tables are replaced, not filtered: a name that is not ours does not exist, and a
// table without a prototype has no `constructor` to be found. A new parser each time: it keeps state.
function createParser(): Parser {
  const parser = new Parser({
    allowMemberAccess: false,
    operators: {
      comparison: false,
      concatenate: false,
      conditional: false,
      logical: false,
      in: false,
      assignment: false,
      fndef: false,
    },
  });
  const { unary, binary } = ARITHMETIC_OPERATORS;
  Object.assign(parser, {
    unaryOps: bare(unary),
    binaryOps: bare(binary),
    ternaryOps: bare({}),
    functions: bare(ARITHMETIC_FUNCTIONS),
    consts: bare(ARITHMETIC_CONSTANTS),
  });
  return parser;
}

function bare<T extends object>(table: T): T {
  return Object.assign(Object.create(null), table);
}

/** A double holds 15 decimal digits; the 16th and 17th of 0.1 + 0.2 are noise. */
function tidied(value: number): number {
  return Number.isSafeInteger(value) ? value : Number(value.toPrecision(15));
}

// Made once: to make one takes longer than the whole calculation.
const WITH_2_DIGITS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
const WITH_4_DIGITS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 4 });

function roundedForReading(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.01 || size >= 1e15)) {
    return value.toExponential(3).replace("e+", "e");
  }
  return (size < 1 ? WITH_4_DIGITS : WITH_2_DIGITS).format(value);
}
