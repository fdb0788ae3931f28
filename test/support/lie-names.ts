// By which words each lie of a provider is told, in a failure or among the contradictions of a charge.

import type { Lie } from "../../offline-model/lies.ts";

export const LIE_NAMES: Readonly<Record<Lie, RegExp>> = {
  negative: /its outputTokens are -1/,
  fraction: /its outputTokens are 1\.5/,
  text: /its outputTokens are \\*"many/,
  null: /no usage came with it/,
  missing: /no usage came with it/,
  infinite: /its outputTokens are Infinity/,
  unsafe_integer: /its outputTokens are 9007199254740992/,
  no_model: /it names no model/,
  second_start: /it began twice/,
  text_after_stop: /content_block_delta came behind its end/,
  usage_after_stop: /message_delta came behind its end/,
  cheaper_model: /claude-haiku-5-5 answered, where claude-\S+ was asked/,
  model_named_proto: /a model's name that is none/,
  input_falls: /(input|cacheRead|cacheWrite)Tokens that fell/,
  output_falls: /outputTokens that fell/,
  hidden_cache_writes: /\d+ tokens written to the cache, and 0 by their time/,
  silent_refusal: /\d+ output tokens of a refusal that says nothing/,
  no_tokens: /no tokens for the prompt.*no tokens for the reply/,
  no_output_tokens: /no tokens for the reply/,
  one_token: /1 tokens for the prompt/,
  vast_input: /50\d{6} prompt tokens, where/,
  vast_output: /50000000 output tokens, where/,
  vast_searches: /1000000 web searches, where/,
};
