// The gate rule of the run's policy: allowed, asked about, or denied, as it was pinned.
//
//   J3. "Always" answers what would be asked; it never opens what is denied.

import type { GateRule } from "./gate-rule.ts";
import { readingName, ruleIn } from "./policy-layers.ts";

export const runPolicy: GateRule = ({ call, tool }, { policy, alwaysApproved }) => {
  const { name, permission } = tool;
  const judged = call.isReading === true ? { name: readingName(name), permission } : tool;
  switch (ruleIn(policy, judged)) {
    case "deny":
      return { kind: "denied", reason: `the policy of this run denies ${name}` };
    case "allow":
      return { kind: "allowed", reason: `the policy of this run allows ${name}` };
    case "ask":
      return alwaysApproved.includes(name)
        ? { kind: "allowed", reason: `a person approved every call of ${name} in this run` }
        : {
            kind: "ask",
            reason: `${name} (permission ${permission}) needs a person's approval in this run`,
          };
  }
};
