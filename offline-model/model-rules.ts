// What each model takes and refuses beyond the common schema (models not named here follow their
// generation). Sources: the provider's model pages as of 2026-11.

import type { ThinkingConfigParam } from "@anthropic-ai/sdk/resources/messages/messages";
import { familyOf, modelSpec, SHIPPED_MODELS } from "../src/domain/model-table.ts";
import type { ModelSpec } from "../src/domain/prices.ts";

export type ThinkingType = ThinkingConfigParam["type"];

export interface ModelRules {
  readonly thinking: readonly ThinkingType[];
  /** Without a `thinking` parameter. */
  readonly thinksByDefault: boolean;
  /** Thinking is bound to every byte before it and verified on each later request. */
  readonly bindsThinking: boolean;
  readonly forcedToolChoice: boolean;
  readonly prefill: boolean;
  readonly effort: readonly string[];
}

export interface ServedModel extends ModelRules {
  readonly id: string;
  readonly spec: ModelSpec;
}

const allEfforts = ["high", "low", "max", "medium", "xhigh"];

const current: ModelRules = {
  thinking: ["adaptive", "between_tools"],
  thinksByDefault: true,
  bindsThinking: true,
  forcedToolChoice: false,
  prefill: false,
  effort: allEfforts,
};

const previous: ModelRules = {
  thinking: ["adaptive", "disabled"],
  thinksByDefault: false,
  bindsThinking: false,
  forcedToolChoice: true,
  prefill: false,
  effort: allEfforts,
};

const oldest: ModelRules = {
  ...previous,
  thinking: ["disabled", "enabled"],
  prefill: true,
  effort: [],
};

const RULES: Readonly<Record<string, ModelRules>> = {
  "claude-fable-5-2": { ...current, thinking: ["adaptive"] },
  "claude-fable-5-1": { ...current, thinking: ["adaptive"] },
  "claude-fable-5": { ...previous, thinking: ["adaptive"], thinksByDefault: true },
  "claude-opus-5-5": { ...current, thinking: ["adaptive"] },
  "claude-sonnet-5-5": current,
  "claude-haiku-5-5": {
    ...current,
    thinking: ["adaptive", "between_tools", "disabled"],
    forcedToolChoice: true,
  },
  "claude-sonnet-4-6": {
    ...previous,
    thinking: ["adaptive", "disabled", "enabled"],
    effort: ["high", "low", "max", "medium"],
  },
  "claude-opus-4-5": { ...oldest, effort: ["high", "low", "medium"] },
  "claude-sonnet-4-5": oldest,
  "claude-haiku-4-5": oldest,
};

export function servedModel(id: string): ServedModel | undefined {
  const spec = modelSpec(SHIPPED_MODELS, id);
  return spec === undefined ? undefined : { id, spec, ...(RULES[familyOf(id)] ?? previous) };
}
