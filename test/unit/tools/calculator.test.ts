import { describe, expect, test } from "@jest/globals";
import { calculate, calculatorTool } from "../../../activities/tools/calculator.ts";
import { contextFor } from "./support.ts";

const SUMS: readonly (readonly [expression: string, result: number])[] = [
  ["2 + 3 * 4", 14],
  ["(2 + 3) * 4", 20],
  ["8100000000 / 148940000", 54.3843158318786],
  ["8.1 billion / 148,940,000", 54.3843158318786],
  ["8,100,000,000 / 148,940,000", 54.3843158318786],
  ["1_000 * 2.5 million", 2_500_000_000],
  ["12 × 3 ÷ 4 − 1", 8],
  ["2 ** 10", 1024],
  ["2^3^2", 512],
  ["-2^2", -4],
  ["2^-1", 0.5],
  ["5²+2³", 33],
  ["15% of 80", 12],
  ["(12.5 / 100) * 340", 42.5],
  ["200 * 10%", 20],
  ["17 % 5", 2],
  ["17 mod 5", 2],
  ["mod(-7, 3)", 2],
  ["sqrt(1,000,000)", 1000],
  ["√(16)", 4],
  ["max(1,200)", 200],
  ["max(100, 20, 3)", 100],
  ["round(54.3843158, 2)", 54.38],
  ["round(1.005, 2)", 1.01],
  ["round(-2.5)", -3],
  ["mean(4, 8, 15)", 9],
  ["5!", 120],
  ["0!", 1],
  ["0.1 + 0.2", 0.3],
  ["2^53 - 1", Number.MAX_SAFE_INTEGER],
  ["log10(1000) + ln(e)", 4],
  ["2 * pi * 6371", 40_030.1735920411],
  ["= 1 + 1 =", 2],
  ["1e3 / 4", 250],
  [".5 + 5.", 5.5],
  ["-0", 0],
];

describe("a sum has the result that a person would get", () => {
  test.each(SUMS)("%s", (expression, result) => {
    expect(calculate(expression).result).toBeCloseTo(result, 10);
  });
});

test("the answer shows how the expression was understood and a form for reading", () => {
  expect(calculate("8.1 billion / 148,940,000")).toEqual({
    expression: "8100000000 / 148940000",
    result: 54.3843158318786,
    rounded: "54.38",
  });
  expect(calculate("1,234,567 * 1000").rounded).toBe("1,234,567,000");
  expect(calculate("1 / 3").rounded).toBe("0.3333");
  expect(calculate("1 / 30000").rounded).toBe("3.333e-5");
  expect(calculate("2^64")).toMatchObject({ rounded: "1.845e19", note: expect.any(String) });
});

const REFUSED: readonly (readonly [expression: string, why: RegExp])[] = [
  ["1 / 0", /division by zero/i],
  ["5 % (1 - 1)", /division by zero/i],
  ["mod(5, 0)", /division by zero/i],
  ["1 / (1 / 0)", /division by zero/i],
  ["9**9**9", /too large/],
  ["9^9^9^9^9", /too large/],
  ["exp(1000)", /too large/],
  ["1e308 * 10", /too large/],
  ["1e999", /too large/],
  ["171!", /0 to 170/],
  ["2.5!", /whole number/],
  ["(-1)!", /whole number/],
  ["5!!!!", /0 to 170/],
  ["sqrt(-1)", /no real value/],
  ["ln(0)", /no real value/],
  ["acos(2)", /no real value/],
  ["(-8)^(1/3)", /no real value/],
  ["log(100)", /two meanings/],
  ["200 + 10%", /two meanings/],
  ["max(1,200, 3,000)", /commas/],
  ["3,14 * 2", /comma/],
  ["2 (3 + 4)", /operator is missing/],
  ["2 pi", /operator is missing/],
  ["1 2", /operator is missing/],
  ["x + 1", /not known/],
  ["5 km / 2", /not known/],
  ["sqrt", /not called/],
  ["sqrt + 1", /not called/],
  ["sqrt(1, 2)", /outside|takes 1/],
  ["pow(2)", /takes 2/],
  ["max()", /takes|arithmetic/],
  ["", /empty/],
  ["   ", /empty/],
  ["2 +", /arithmetic/],
  ["* 2", /arithmetic/],
  ["(2", /not closed/],
  ["2)", /never opened/],
  ["()", /arithmetic/],
  ["%", /%/],
  ["!5", /!/],
  ["1; 2", /";"/],
  ["$5 + 1", /not known/],
  ["1 == 1", /"="/],
  ["1 ? 2 : 3", /"\?"/],
];

describe("what has no single finite result is refused with a reason", () => {
  test.each(REFUSED)("%s", (expression, why) => {
    expect(() => calculate(expression)).toThrow(why);
  });
});

const HOSTILE: readonly string[] = [
  "constructor",
  "constructor(1)",
  "__proto__",
  "toString()",
  "hasOwnProperty(1)",
  "sin.constructor",
  '(1).constructor.constructor("return process")()',
  "a = 1",
  "f(x) = x * x",
  "x = constructor",
  "process.exit(1)",
  "require('fs')",
  "[1, 2][0].constructor",
  "map(f, 1)",
  "random()",
  "'a' || 'b'",
  '"\\u0061"',
  "`1`",
  "1 in 2",
  "import('fs')",
  "this",
  "/* 1 */ 2",
  "true",
  "E(1)",
  "pi(1)",
  "\0",
  "1\u202e+2",
  "１ + １",
  "lambda_0(1)",
  "fac(5)",
  "if(1, 2, 3)",
];

describe("nothing but arithmetic gets through", () => {
  test.each(HOSTILE)("%j", (expression) => {
    expect(() => calculate(expression)).toThrow(expect.objectContaining({ name: "ToolError" }));
  });
});

test("huge and deep expressions are refused at once", () => {
  const startedAt = performance.now();
  const endless = [
    "(".repeat(1e6) + "1" + ")".repeat(1e6),
    "(".repeat(249) + "1" + ")".repeat(249),
    "3" + "!".repeat(499),
    "9^".repeat(249) + "9",
    "((((1".repeat(99),
    "1,000".repeat(100),
    "sqrt(".repeat(80),
  ];
  for (const expression of endless) {
    expect(() => calculate(expression)).toThrow(expect.objectContaining({ name: "ToolError" }));
  }
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test("the tool answers the model in JSON, and a mistake with advice", async () => {
  const right = await calculatorTool.run({ expression: "6 * 7" }, contextFor());
  expect(right.isError).toBe(false);
  expect(JSON.parse(right.text)).toMatchObject({ result: 42 });

  const wrong = await calculatorTool.run({ expression: "1 / 0" }, contextFor());
  expect(wrong.isError).toBe(true);
  expect(JSON.parse(wrong.text)).toEqual({
    error: "Division by zero.",
    suggestion: "Check the divisor.",
  });
});

test("one bad expression leaves nothing behind for the next", () => {
  expect(() => calculate("max = 3")).toThrow();
  expect(calculate("max(1, 2)").result).toBe(2);
});
