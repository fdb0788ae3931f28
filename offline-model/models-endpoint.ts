// GET /v1/models and /v1/models/{id}, from the price table and the rules of each model.

import { MODELS } from "../src/domain/prices.ts";
import { modelOf } from "./request-rules.ts";
import { servedModel, type ServedModel } from "./model-rules.ts";

export function listModels(): object {
  const data = Object.keys(MODELS)
    .map(servedModel)
    .filter((model) => model !== undefined)
    .map(modelInfo);
  return { data, has_more: false, first_id: firstId(data), last_id: firstId(data.toReversed()) };
}

export function retrieveModel(id: string): object {
  return modelInfo(modelOf(id));
}

interface ModelInfo {
  readonly id: string;
  readonly [field: string]: unknown;
}

function modelInfo(model: ServedModel): ModelInfo {
  const { spec } = model;
  const oldest = spec.prices.at(-1)?.effectiveFrom ?? "2026-01-01";
  const thinking = ["adaptive", "between_tools", "disabled", "enabled"] as const;
  return {
    type: "model",
    id: model.id,
    display_name: `${model.id} (offline)`,
    created_at: `${oldest}T00:00:00Z`,
    lifecycle: spec.end === undefined ? "active" : "deprecated",
    deprecated_at: null,
    retires_at: spec.end === undefined ? null : `${spec.end.lastDay}T00:00:00Z`,
    max_input_tokens: spec.contextTokens,
    max_tokens: spec.replyTokensMax,
    capabilities: {
      thinking: {
        supported: true,
        types: Object.fromEntries(
          thinking.map((type) => [type, { supported: model.thinking.includes(type) }]),
        ),
      },
    },
  };
}

function firstId(data: readonly ModelInfo[]): string | null {
  return data[0]?.id ?? null;
}
