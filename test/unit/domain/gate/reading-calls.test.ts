// Calls of a tool that can do more, which by their arguments only read: GET of http_request.

import { describe, expect, test } from "@jest/globals";
import type { Circumstances } from "../../../../src/domain/gate/circumstances.ts";
import { verdictOn } from "../../../../src/domain/gate/guardrail.ts";
import {
  readingName,
  ruleFor,
  type PolicyLayers,
} from "../../../../src/domain/gate/policy-layers.ts";
import { toolNamed } from "../../../support/run-story.ts";

describe("a call that only reads, of a tool that can do more", () => {
  const kindOf = (policy: Circumstances["policy"], isReading: boolean) =>
    verdictOn(
      {
        tool: toolNamed("http_request", { permission: "write" }),
        call: {
          ...{
            callId: "1.1",
            toolUseId: "c",
            name: "http_request",
            preview: "{}",
            argsDigest: "d",
          },
          ...(isReading && { isReading: true as const }),
        },
      },
      { policy, alwaysApproved: [], spentMicroUsd: 5, costCapMicroUsd: 2 },
    ).kind;
  const policyBy = (operator: PolicyLayers["operator"], caller: PolicyLayers["caller"] = {}) => {
    const layers = { operator, agent: {}, caller };
    const tool = { name: "http_request", permission: "write" } as const;
    return {
      http_request: ruleFor(tool, layers),
      [readingName("http_request")]: ruleFor({ ...tool, permission: "read" }, layers),
    };
  };

  test.each([
    ["nobody said a word", policyBy({}), "allowed"],
    ["the operator wants it asked about", policyBy({ http_request: "ask" }), "ask"],
    ["a caller does", policyBy({}, { ask: ["http_request"] }), "ask"],
    ["the operator denies it", policyBy({ http_request: "deny" }), "denied"],
    ["the operator allows it", policyBy({ http_request: "allow" }), "allowed"],
  ] as const)("where %s", (_, policy, verdict) => {
    expect(kindOf(policy, true)).toBe(verdict);
  });

  test("and its other calls are judged as ever, money included", () => {
    expect(kindOf(policyBy({}), false)).toBe("cost_cap_exceeded");
    expect(kindOf(policyBy({ http_request: "deny" }), false)).toBe("denied");
  });
});
