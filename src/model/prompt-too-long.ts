// That a prompt is too long for a model, as servers say it: the API of Anthropic, llama.cpp, vLLM, Ollama, LM Studio,
// LiteLLM, OpenAI and its resellers, Bedrock, Gemini, Mistral, TGI. None of them has a code that all know, so words
// are matched here: what is taken for another refusal would end a run that a shorter conversation would have saved.

export interface TooLong {
  /** What the server says that it can hold, prompt and reply together; null where it says no number. */
  readonly contextTokens: number | null;
}

/** Types and codes that mean nothing else. */
const NAMES = /exceed_context_size|context_length_exceeded|ContextWindowExceeded/i;

const SENTENCES: readonly RegExp[] = [
  /(?:prompt|inputs?|messages?|conversation)(?: is| are| was)? too (?:long|large)(?! for (?:the )?rate)/i,
  /context[ _-]?(?:length|window|size|limit)/i,
  /longer than the maximum model length/i,
  /input token count\b.*\bexceeds/is,
  /`?inputs`?(?: tokens \+ `?max_new_tokens`?)? must (?:be <=|have less than) \d/i,
  /input length exceeds/i,
];

/** The number that is the limit: each beside the words by which it is one. */
const LIMITS: readonly RegExp[] = [
  /> ?([\d,_]+)(?: maximum)?\b/,
  /(?:maximum|max) (?:context|model) (?:length|window|size)(?: is| of|:)? ?(?:only )?([\d,_]+)/i,
  /([\d,_]+) maximum context/i,
  /tokens allowed \(?([\d,_]+)/i,
  /must be <= ?([\d,_]+)/,
  /less than ([\d,_]+) tokens/i,
  /context (?:size|length|window|limit)(?: is| of|:)?(?: only)? ?\(?([\d,_]+)/i,
];

/** Smaller is no window, and larger is no number of tokens. */
const CONTEXT_TOKENS_MIN = 256;
const CONTEXT_TOKENS_MAX = 100_000_000;

/** `body`: of the error, as it came; `words`: what is told of it. Null where it is about something else. */
export function tooLongIn(body: unknown, words: string): TooLong | null {
  const text = `${words} ${typeof body === "string" ? body : (JSON.stringify(body) ?? "")}`;
  const isNamed = NAMES.test(text);
  if (!isNamed && !SENTENCES.some((sentence) => sentence.test(words))) return null;
  // A limit on tokens a minute is no limit of a prompt, whatever else it speaks of.
  if (!isNamed && /per (?:minute|day|hour)|rate.?limit/i.test(words)) return null;
  return { contextTokens: numberIn(body) ?? limitIn(words) };
}

function limitIn(words: string): number | null {
  for (const limit of LIMITS) {
    const [, digits] = limit.exec(words) ?? [];
    const tokens = plausible(Number(digits?.replaceAll(/[,_]/g, "")));
    if (tokens !== null) return tokens;
  }
  return null;
}

/** llama.cpp has a field for it, at whichever depth a gateway leaves it. */
function numberIn(body: unknown): number | null {
  if (typeof body !== "object" || body === null) return null;
  const own = "n_ctx" in body && typeof body.n_ctx === "number" ? plausible(body.n_ctx) : null;
  return own ?? ("error" in body ? numberIn(body.error) : null);
}

function plausible(tokens: number): number | null {
  const isOne = Number.isSafeInteger(tokens) && tokens >= CONTEXT_TOKENS_MIN;
  return isOne && tokens <= CONTEXT_TOKENS_MAX ? tokens : null;
}
