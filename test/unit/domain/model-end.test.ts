import { describe, expect, test } from "@jest/globals";
import { endBefore, endedText, endingModels, endingText } from "../../../src/domain/model-end.ts";
import { MODELS, TIERS } from "../../../src/domain/prices.ts";
import { SHIPPED_MODELS, specOf } from "../../../src/domain/model-table.ts";

const SONNET = "claude-sonnet-4-5";
const endOn = (day: string) => endBefore(specOf(SHIPPED_MODELS, SONNET), day);

describe("a model that ends", () => {
  test("serves up to the last moment of its last day, and not a moment longer", () => {
    expect(endOn("2026-11-29T12:00:00.000Z")).toBeNull();
    expect(endOn("2026-11-30T23:59:59.999Z")).toBeNull();
    expect(endOn("2026-12-01T00:00:00.000Z")).toEqual({
      lastDay: "2026-11-30",
      instead: "claude-sonnet-5-5",
    });
    expect(endOn("2031-01-01")).not.toBeNull();
  });

  test("says since when, and which to take instead", () => {
    expect(endedText(SONNET, endOn("2026-12-01")!)).toBe(
      "claude-sonnet-4-5 is served no more: its last day was 2026-11-30. Take claude-sonnet-5-5 instead.",
    );
  });

  test("is warned of for sixty days, counted to its last", () => {
    const warnings = (day: string) => endingModels(SHIPPED_MODELS, [SONNET], day).map(endingText);
    expect(warnings("2026-09-30")).toEqual([]);
    expect(warnings("2026-10-01T08:00:00.000Z")).toEqual([
      "claude-sonnet-4-5 ends on 2026-11-30, in 60 days. Take claude-sonnet-5-5 instead.",
    ]);
    expect(warnings("2026-11-29")[0]).toContain("in 1 day.");
    expect(warnings("2026-11-30")[0]).toContain("ends on 2026-11-30, today.");
    expect(warnings("2026-12-01")).toEqual([endedText(SONNET, endOn("2026-12-01")!)]);
  });

  test("is told of once, and a name that is no model's is left to others", () => {
    const named = [SONNET, SONNET, "complex", "claude-nobody", "claude-sonnet-5-5"];
    expect(endingModels(SHIPPED_MODELS, named, "2026-11-29")).toHaveLength(1);
  });
});

describe("the price table", () => {
  const ending = Object.entries(MODELS).filter(([, { end }]) => end !== undefined);

  test("has the days that the provider has named", () => {
    expect(ending.map(([model, { end }]) => [model, end?.lastDay])).toEqual([
      ["claude-opus-4-5", "2027-01-22"],
      ["claude-sonnet-4-5", "2026-11-30"],
    ]);
  });

  test.each(ending)("sends those who leave %s to a model that goes on", (_, { end }) => {
    expect(MODELS[end?.instead ?? ""]).toBeDefined();
    expect(MODELS[end?.instead ?? ""]?.end).toBeUndefined();
  });

  test("gives no tier to a model that ends", () => {
    expect(Object.values(TIERS).map((model) => MODELS[model]?.end)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
