// What a gate rule is: it sees one call of a tool and the circumstances of the run, and says what may become of
// the call. Answered from history alone, so that a replay gives the same verdict: pure, without a clock.

import type { ToolCall, ToolSpec } from "../tool.ts";
import type { Circumstances } from "./circumstances.ts";

export type Verdict =
  | { readonly kind: "allowed"; readonly reason: string }
  | { readonly kind: "denied"; readonly reason: string }
  | { readonly kind: "ask"; readonly reason: string }
  | { readonly kind: "cost_cap_exceeded"; readonly reason: string };

/** What a rule need know of a call's tool: the permission is that of the call where its arguments lower it. */
export interface GatedCall {
  readonly call: ToolCall;
  readonly tool: ToolSpec;
}

/** Null where the rule has nothing to say of the call; the others decide. */
export type GateRule = (gated: GatedCall, circumstances: Circumstances) => Verdict | null;
