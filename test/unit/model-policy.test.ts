import { describe, expect, test } from "@jest/globals";
import type { AgentDefinition } from "../../activities/agents.ts";
import { modelFor, routingFor } from "../../activities/model-policy.ts";
import { readConfig } from "../../src/config.ts";
import { INPUT } from "../support/run-facts.ts";

const SONNET = "claude-sonnet-5-5";
const OPUS = "claude-opus-5-5";
const HAIKU = "claude-haiku-5-5";

const agent: AgentDefinition = { name: "a", instructions: "Work.", tools: [] };
const config = readConfig({});
const byClassifier = readConfig({ PAWL_ROUTING: "by-classifier" });

describe("the model of a run", () => {
  test("is the caller's, else the agent's or of its tier, else the operator's, else the medium one", () => {
    const operator = readConfig({ PAWL_AGENT_MODEL: "claude-opus-5" });
    const clever: AgentDefinition = { ...agent, tier: "complex" };
    expect(modelFor(INPUT, agent, config)).toBe(SONNET);
    expect(modelFor(INPUT, agent, operator)).toBe("claude-opus-5");
    expect(modelFor(INPUT, clever, operator)).toBe(OPUS);
    expect(modelFor({ ...INPUT, tier: "simple" }, clever, operator)).toBe(HAIKU);
    expect(modelFor({ ...INPUT, tier: "simple", model: SONNET }, clever, operator)).toBe(SONNET);
    const exact: AgentDefinition = { ...agent, model: HAIKU };
    expect(modelFor(INPUT, exact, operator)).toBe(HAIKU);
    expect(modelFor({ ...INPUT, tier: "complex" }, exact, operator)).toBe(OPUS);
    expect(() => modelFor({ ...INPUT, model: "nobody" }, agent, config)).toThrow("nobody");
  });
});

describe("who chooses among the tiers", () => {
  const policy = (input = {}, of = agent, by = config): string =>
    routingFor(SONNET, { input: { ...INPUT, ...input }, agent: of, config: by })?.policy ?? "fixed";

  test("is nobody unless somebody says so: the caller before the agent before the operator", () => {
    expect(policy()).toBe("fixed");
    expect(policy({}, agent, byClassifier)).toBe("by-classifier");
    expect(policy({}, { ...agent, routing: "per-turn" }, byClassifier)).toBe("per-turn");
    expect(policy({ routing: "fixed" }, { ...agent, routing: "per-turn" })).toBe("fixed");
    expect(policy({ routing: "by-context-size" })).toBe("by-context-size");
  });

  test("is the caller who names a model or a tier, unless they ask for a policy as well", () => {
    expect(policy({ tier: "complex" }, agent, byClassifier)).toBe("fixed");
    expect(policy({ model: OPUS }, agent, byClassifier)).toBe("fixed");
    expect(policy({ model: OPUS, routing: "per-turn" }, agent, byClassifier)).toBe("per-turn");
  });

  test("and the run's own model stands for the medium tier", () => {
    const routing = routingFor(OPUS, { input: INPUT, agent, config: byClassifier });
    expect(routing?.models).toEqual({ simple: HAIKU, medium: OPUS, complex: OPUS });
  });
});
