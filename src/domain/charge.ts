// What a reply is charged. The provider's word counts as far as it can be true: counts that no answer to this
// request can have, or that are no counts at all, are charged the hold, which was the worst case of the call, and
// never more. So nobody is believed into a cap, and an endpoint that counts nothing is no free provider.
//
//   P1. A charge is never above its hold, whatever the provider says.
//   P2. What was counted within the bounds of the request is charged to the micro-USD.
//   P3. Each contradiction has a name.

import type { Lane } from "./call.ts";
import { jsonBytesOf } from "./json-size.ts";
import { charsOf, type Message } from "./message.ts";
import { formatUsd } from "./money.ts";
import { isModelName, isSameModel } from "./model-name.ts";
import { modelSpec, specOf, type ModelTable } from "./model-table.ts";
import { costOf, priceIn, priceOn } from "./pricing.ts";
import { WEB_SEARCH_TOKENS_ALLOWED, type ModelSpec } from "./prices.ts";
import { NO_USAGE, promptTokens, type Usage } from "./usage.ts";

/** What was asked, and set aside for it. */
export interface Bounds {
  /** By which the answer is priced. */
  readonly models: ModelTable;
  readonly model: string;
  readonly lane: Lane;
  readonly promptTokensMax: number;
  /** Of its text alone: signatures, pictures and what a search found weigh otherwise. */
  readonly promptChars: number;
  readonly replyTokensMax: number;
  readonly webSearchesMax: number;
  readonly heldMicroUsd: number;
}

export interface Answered {
  readonly model: string;
  readonly usage: Usage;
  readonly message: Message;
  readonly isRefusal: boolean;
  /** What was told in two ways, the dearer of which is in `usage`. */
  readonly contradictions?: readonly string[];
  /** ISO 8601: its price is that of this day. */
  readonly repliedAt: string;
}

export interface Charge {
  readonly costMicroUsd: number;
  /** Within the bounds of the request: limits and later bounds rest on it. */
  readonly usage: Usage;
  /** The answering model's, where it is a name. */
  readonly model: string;
  /** `counted`: by the provider; else the hold is charged. */
  readonly basis: "counted" | "uncounted" | "implausible";
  /** What of the provider's word can't be true. */
  readonly contradictions: readonly string[];
}

/** No token stands for more text: far above the longest runs of blanks that tokenizers have one for. */
const CHARS_PER_TOKEN_MAX = 512;
/** What the API may put around a reply. */
const FRAMING_TOKENS = 16;

export function chargeFor(bounds: Bounds, answered: Answered): Charge {
  const faults = {
    prompt: faultOfPrompt(bounds, answered),
    reply: faultOfReply(bounds, answered),
    searches: faultOfSearches(bounds, answered),
  };
  const cost = costAsAnswered(bounds, answered);
  const wrong = Object.values(faults).filter((fault) => fault !== null);
  if (wrong.length === 0 && cost > bounds.heldMicroUsd) wrong.push(tooDear(bounds, cost));
  const isCounted = wrong.length === 0;
  return {
    costMicroUsd: isCounted ? cost : bounds.heldMicroUsd,
    usage: believable(bounds, answered, faults),
    model: isModelName(answered.model) ? answered.model : bounds.model,
    basis: isCounted ? "counted" : wrong.some(isLie) ? "implausible" : "uncounted",
    contradictions: [
      ...[...wrong, ...faultsOfModel(bounds, answered), ...faultsOfRefusal(answered)].map(
        ({ says }) => says,
      ),
      ...(answered.contradictions ?? []),
    ],
  };
}

interface Fault {
  readonly kind: "uncounted" | "lie";
  readonly says: string;
}

type Faults = Readonly<Record<"prompt" | "reply" | "searches", Fault | null>>;

function isLie({ kind }: Fault): boolean {
  return kind === "lie";
}

function faultOfPrompt(bounds: Bounds, { usage }: Answered): Fault | null {
  const { outputTokens: _output, webSearchRequests: _searches, ...parts } = usage;
  const counted = promptTokens(usage);
  const most = promptWithSearches(bounds);
  if (!Object.values(parts).every(isCount)) return lie("prompt tokens that are no count");
  if (counted > most) {
    return lie(`${counted} prompt tokens, where the request can't weigh more than ${most}`);
  }
  return faultOfFew("the prompt", counted, bounds.promptChars);
}

function promptWithSearches({ promptTokensMax, webSearchesMax }: Bounds): number {
  return promptTokensMax + webSearchesMax * WEB_SEARCH_TOKENS_ALLOWED;
}

function faultOfReply({ replyTokensMax }: Bounds, { usage, message }: Answered): Fault | null {
  const counted = usage.outputTokens;
  if (!isCount(counted)) return lie(`${counted} output tokens, which is no count`);
  if (counted > replyTokensMax) {
    return lie(`${counted} output tokens, where ${replyTokensMax} were allowed`);
  }
  return faultOfFew("the reply", counted, charsOf(message));
}

function faultOfSearches({ webSearchesMax }: Bounds, { usage }: Answered): Fault | null {
  const counted = usage.webSearchRequests;
  if (!isCount(counted)) return lie(`${counted} web searches, which is no count`);
  if (counted <= webSearchesMax) return null;
  return lie(`${counted} web searches, where ${webSearchesMax} were allowed`);
}

function faultOfFew(what: string, counted: number, chars: number): Fault | null {
  if (counted === 0 && chars > 0) {
    return { kind: "uncounted", says: `no tokens for ${what}, which has ${chars} characters` };
  }
  if (counted >= chars / CHARS_PER_TOKEN_MAX) return null;
  return lie(`${counted} tokens for ${what}, which has ${chars} characters`);
}

/** A name that has no price here says nothing: resellers have their own. */
function faultsOfModel({ model, models }: Bounds, answered: Answered): readonly Fault[] {
  if (!isModelName(answered.model)) return [lie("a model's name that is none")];
  if (isSameModel(model, answered.model) || modelSpec(models, answered.model) === undefined)
    return [];
  return [lie(`${answered.model} answered, where ${model} was asked`)];
}

/** It is paid, as a refusal with text is. */
function faultsOfRefusal({ isRefusal, message, usage }: Answered): readonly Fault[] {
  if (!isRefusal || message.content.length > 0 || usage.outputTokens === 0) return [];
  return [lie(`${usage.outputTokens} output tokens of a refusal that says nothing`)];
}

function tooDear({ heldMicroUsd }: Bounds, cost: number): Fault {
  return lie(`a cost of ${formatUsd(cost)}, where ${formatUsd(heldMicroUsd)} is the worst case`);
}

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

function lie(says: string): Fault {
  return { kind: "lie", says };
}

/** By the dearer of the model that was asked and the one that says it answered. */
function costAsAnswered({ model, models, lane }: Bounds, answered: Answered): number {
  const { usage, isRefusal, message, repliedAt } = answered;
  // A refusal before any output is reported with its usage, but not billed.
  if (isRefusal && message.content.length === 0 && usage.outputTokens === 0) return 0;
  const costBy = (spec: ModelSpec): number =>
    costOf(usage, priceIn(lane, priceOn(spec, repliedAt)));
  const asked = costBy(specOf(models, model));
  const other = modelSpec(models, answered.model);
  const isSame = other === undefined || isSameModel(model, answered.model);
  return isSame ? asked : Math.max(asked, costBy(other));
}

/** A later bound rests on it: what is not believed is taken as the most that it can have been. */
function believable(bounds: Bounds, { usage, message }: Answered, faults: Faults): Usage {
  const { outputTokens, webSearchRequests, ...prompt } = usage;
  const { outputTokens: _output, webSearchRequests: _searches, ...noPrompt } = NO_USAGE;
  const most = bounds.replyTokensMax;
  const asWritten = jsonBytesOf(message.content) + FRAMING_TOKENS;
  const believed = faults.reply === null ? outputTokens : outputTokens > most ? most : asWritten;
  return {
    ...(faults.prompt === null ? prompt : { ...noPrompt, inputTokens: promptWithSearches(bounds) }),
    outputTokens: Math.min(most, believed),
    webSearchRequests: faults.searches === null ? webSearchRequests : bounds.webSearchesMax,
  };
}
