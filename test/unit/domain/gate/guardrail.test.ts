import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Rule } from "../../../../src/domain/approval.ts";
import type { Circumstances } from "../../../../src/domain/gate/circumstances.ts";
import type { Verdict } from "../../../../src/domain/gate/gate-rule.ts";
import { verdictOn } from "../../../../src/domain/gate/guardrail.ts";
import {
  ruleFor,
  strictest,
  type PolicyLayers,
} from "../../../../src/domain/gate/policy-layers.ts";
import { PERMISSIONS, type Permission } from "../../../../src/domain/permission.ts";
import type { ToolSpec } from "../../../../src/domain/tool.ts";
import { toolNamed } from "../../../support/run-story.ts";

const ORDER: readonly Rule[] = ["allow", "ask", "deny"];

const strictness = (rule: Rule): number => ORDER.indexOf(rule);
const anyRule = fc.constantFrom(...ORDER);
const anyPermission = fc.constantFrom(...PERMISSIONS);
const anyName = fc.constantFrom("write_file", "run_code", "constructor", "__proto__", "toString");
const anyRules = fc.dictionary(anyName, anyRule);
const anyNames = fc.uniqueArray(anyName);
const anyLayers: fc.Arbitrary<PolicyLayers> = fc.record({
  operator: anyRules,
  agent: anyRules,
  caller: fc.record({ ask: anyNames, deny: anyNames }, { requiredKeys: [] }),
});
const anyTool = fc.record({ name: anyName, permission: anyPermission });

function toolOf(permission: Permission, name = "tool"): ToolSpec {
  return toolNamed(name, { permission });
}

function verdictOf(tool: ToolSpec, now: Circumstances): Verdict {
  const call = { callId: "1.1", toolUseId: "c", name: tool.name, preview: "{}", argsDigest: "d" };
  return verdictOn({ call, tool }, now);
}

function circumstances(more: Partial<Circumstances> = {}): Circumstances {
  return { policy: {}, alwaysApproved: [], spentMicroUsd: 1, costCapMicroUsd: 2, ...more };
}

describe("the rule of a tool", () => {
  test("J1: is never looser than what anybody said of it", () => {
    fc.assert(
      fc.property(anyTool, anyLayers, (tool, layers) => {
        const rule = ruleFor(tool, layers);
        const said = [layers.operator, layers.agent].flatMap((rules) =>
          Object.hasOwn(rules, tool.name) ? [rules[tool.name]!] : [],
        );
        for (const one of said) expect(strictness(rule)).toBeGreaterThanOrEqual(strictness(one));
        if (layers.caller.deny?.includes(tool.name) === true) expect(rule).toBe("deny");
        if (layers.caller.ask?.includes(tool.name) === true) expect(rule).not.toBe("allow");
      }),
    );
  });

  test("J1: is the same or stricter with a caller's wishes than without", () => {
    fc.assert(
      fc.property(anyTool, anyLayers, (tool, layers) => {
        const without = ruleFor(tool, { ...layers, caller: {} });
        expect(strictness(ruleFor(tool, layers))).toBeGreaterThanOrEqual(strictness(without));
      }),
    );
  });

  test("J1: is one that somebody said, or that of the permission", () => {
    fc.assert(
      fc.property(fc.array(anyRule, { minLength: 1 }), (rules) => {
        const rule = strictest(rules);
        expect(rules).toContain(rule);
        expect(rules.every((other) => strictness(other) <= strictness(rule))).toBe(true);
      }),
    );
  });

  test.each([
    ["read", "allow"],
    ["write", "ask"],
    ["execute", "ask"],
    ["admin", "deny"],
  ] as const)("J2: of a tool with permission %s that nobody spoke of is %s", (permission, rule) => {
    for (const name of ["tool", "constructor", "__proto__"]) {
      const layers = { operator: {}, agent: {}, caller: {} };
      expect(ruleFor({ name, permission }, layers)).toBe(rule);
    }
  });

  test("J2: is loosened by an operator who says so, and not by a caller", () => {
    const tool = toolOf("admin");
    const layers = { operator: {}, agent: {}, caller: { ask: ["tool"] } };
    expect(ruleFor(tool, layers)).toBe("deny");
    expect(ruleFor(tool, { ...layers, operator: { tool: "allow" } })).toBe("ask");
  });
});

describe("the verdict on a call", () => {
  test("J3: always turns a question into a yes, and nothing else", () => {
    fc.assert(
      fc.property(anyRule, anyPermission, (rule, permission) => {
        const policy = { tool: rule };
        const tool = toolOf(permission);
        const before = verdictOf(tool, circumstances({ policy })).kind;
        const after = verdictOf(tool, circumstances({ policy, alwaysApproved: ["tool"] })).kind;
        expect(after).toBe(before === "ask" ? "allowed" : before);
      }),
    );
  });

  test("J3: always for one tool says nothing of another", () => {
    const policy = { tool: "ask" } as const;
    const verdict = verdictOf(
      toolOf("write"),
      circumstances({ policy, alwaysApproved: ["other"] }),
    );
    expect(verdict.kind).toBe("ask");
  });

  test.each([
    ["write", "cost_cap_exceeded"],
    ["execute", "cost_cap_exceeded"],
    ["read", "allowed"],
  ] as const)("of a %s tool where nothing is left to spend is %s", (permission, kind) => {
    const spent = circumstances({ policy: { tool: "allow" }, spentMicroUsd: 2 });
    expect(verdictOf(toolOf(permission), spent).kind).toBe(kind);
  });

  test("asks nobody about what can't be paid, and denies what is denied first", () => {
    const spent = { spentMicroUsd: 2 };
    const ask = verdictOf(toolOf("write"), circumstances({ ...spent, policy: { tool: "ask" } }));
    const deny = verdictOf(toolOf("write"), circumstances({ ...spent, policy: { tool: "deny" } }));
    expect([ask.kind, deny.kind]).toEqual(["cost_cap_exceeded", "denied"]);
  });

  test("of a tool that the policy does not know follows its permission", () => {
    const kinds = PERMISSIONS.map(
      (permission) => verdictOf(toolOf(permission), circumstances()).kind,
    );
    expect(kinds).toEqual(["allowed", "ask", "ask", "denied"]);
  });

  test("gives a reason, whatever it is", () => {
    fc.assert(
      fc.property(anyRule, anyPermission, fc.nat(3), (rule, permission, spentMicroUsd) => {
        const now = circumstances({ policy: { tool: rule }, spentMicroUsd });
        expect(verdictOf(toolOf(permission), now).reason).toMatch(/\w/);
      }),
    );
  });
});
