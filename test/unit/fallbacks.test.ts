import { describe, expect, test } from "@jest/globals";
import { fallbacksFor } from "../../activities/fallbacks.ts";
import { readConfig } from "../../src/config.ts";

const SONNET = "claude-sonnet-5-5";
const OPUS = "claude-opus-5-5";
const HAIKU = "claude-haiku-5-5";

const agent = { name: "a", instructions: "", tools: [] };
const configOf = (models = "") => readConfig({ PAWL_FALLBACK_MODELS: models });

describe("who stands in for a model", () => {
  test("is nobody unless somebody says so", () => {
    expect(fallbacksFor([SONNET], agent, configOf())).toBeNull();
    expect(fallbacksFor([SONNET], agent, configOf(SONNET))).toBeNull();
  });

  test("is what the operator names, models or tiers, in that order, never the model itself", () => {
    const config = configOf("complex, medium,claude-sonnet-5,complex");
    expect(fallbacksFor([SONNET], agent, config)).toMatchObject({
      chains: { [SONNET]: [OPUS, "claude-sonnet-5"] },
      attemptsMax: 3,
      prices: { [SONNET]: { input: 2_000_000 }, [OPUS]: { input: 4_000_000 } },
    });
  });

  test("is what the agent names, for all tiers or for one", () => {
    const config = configOf("complex");
    const own = { ...agent, fallbacks: ["simple"] };
    expect(fallbacksFor([SONNET], own, config)?.chains).toEqual({ [SONNET]: [HAIKU] });
    expect(fallbacksFor([SONNET], { ...agent, fallbacks: [] }, config)).toBeNull();
    const byTier = { ...agent, fallbacks: { complex: ["medium"] } };
    expect(fallbacksFor([OPUS], byTier, config)?.chains).toEqual({ [OPUS]: [SONNET] });
    expect(fallbacksFor([SONNET], byTier, config)?.chains).toEqual({ [SONNET]: [OPUS] });
  });

  test("has a price: what has none fails the run at its start", () => {
    expect(() => fallbacksFor([SONNET], agent, configOf("claude-nobody"))).toThrow("claude-nobody");
  });
});
