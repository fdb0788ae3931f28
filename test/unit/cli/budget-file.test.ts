// Budgets from a file, before any of them is set.

import { expect, test } from "@jest/globals";
import { budgetsIn } from "../../../src/cli/budget-file.ts";

const read = (entries: unknown) => budgetsIn(JSON.stringify(entries), "budgets.json");

test("amounts are dollars, and none and default are what they are for pawl budget set", () => {
  expect(
    read([
      { scope: "global_day", usd: 0.1 },
      { scope: "tenant_day", tenant: "acme", usd: "none" },
      { scope: "session", tenant: "acme", session: "s1", usd: "default" },
    ]),
  ).toEqual([
    { name: { scope: "global_day" }, cap: { microUsd: 100_000 } },
    { name: { scope: "tenant_day", tenant: "acme" }, cap: "none" },
    { name: { scope: "session", tenant: "acme", session: "s1" }, cap: "default" },
  ]);
});

test.each<[string, unknown, RegExp]>([
  [
    "no array",
    { scope: "global_day", usd: 1 },
    /budgets\.json holds no budgets: it must be a list/,
  ],
  ["an unknown scope", [{ scope: "tenant_year", usd: 1 }], /entry 1: scope must be one of /],
  [
    "a negative amount",
    [{ scope: "global_day", usd: -1 }],
    /entry 1: usd must be (at least|dollars above 0)/,
  ],
  ["a name it does not know", [{ scope: "global_day", usd: 1, cap: 2 }], /entry 1: .*cap/],
  ["a day of nobody's own", [{ scope: "global_day", tenant: "acme", usd: 1 }], /Entry 1: /],
  ["a session without its tenant", [{ scope: "session", session: "s", usd: 1 }], /Entry 1: /],
  [
    "the same budget twice",
    [
      { scope: "tenant_day", tenant: "acme", usd: 1 },
      { scope: "tenant_day", tenant: "acme", usd: 2 },
    ],
    /sets tenant_day\/acme twice/,
  ],
])("%s is refused with what is wrong", (_, entries, message) => {
  expect(() => read(entries)).toThrow(message);
});

test("what is no JSON is refused", () => {
  expect(() => budgetsIn("scope: global_day", "budgets.json")).toThrow("budgets.json is not JSON");
});
