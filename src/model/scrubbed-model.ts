// A model whose words hold none of our secrets: an endpoint may send back what it was sent, in an error or in a
// reply. The text of a reply keeps its length, so that its pieces stand where they stood.

import { formsOf, scrubbedError, scrubbing, type Scrub } from "../domain/scrub.ts";
import { isText, isThinking, type Block, type Message } from "../domain/message.ts";
import {
  CallAborted,
  type Model,
  type ModelReply,
  type ReplyHeard,
  type ReplyListener,
} from "./model.ts";
import type { ProviderBatches } from "./provider-batches.ts";

export function scrubbedModel(model: Model, secrets: readonly string[]): Model {
  const scrub = scrubbing(secrets);
  const beginnings = beginningsOf(formsOf(secrets));
  return {
    ...model,
    async call(request, listener, signal) {
      const heard = holdingBack(listener, scrub, beginnings);
      try {
        return scrubbedReply(await model.call(request, heard.listener, signal), scrub);
      } catch (error) {
        throw scrubbedError(withHeard(error, scrub), scrub);
      } finally {
        heard.end();
      }
    },
    countTokens: (request, signal) => quietly(() => model.countTokens(request, signal), scrub),
    ping: (name, signal) => quietly(() => model.ping(name, signal), scrub),
  };
}

export function scrubbedBatches(
  batches: ProviderBatches,
  secrets: readonly string[],
): ProviderBatches {
  const scrub = scrubbing(secrets);
  return {
    create: (request, id) => quietly(() => batches.create(request, id), scrub),
    look: (id) => quietly(() => batches.look(id), scrub),
    cancel: (id) => quietly(() => batches.cancel(id), scrub),
    createdBetween: (from, to) => quietly(() => batches.createdBetween(from, to), scrub),
    async resultOf(id, customId) {
      const result = await quietly(() => batches.resultOf(id, customId), scrub);
      if (result === null) return null;
      if (result.kind !== "succeeded") return { ...result, message: scrub(result.message) };
      return { ...result, reply: scrubbedReply(result.reply, scrub) };
    },
  };
}

async function quietly<T>(work: () => Promise<T>, scrub: Scrub): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw scrubbedError(error, scrub);
  }
}

function scrubbedReply(reply: ModelReply, scrub: Scrub): ModelReply {
  return { ...scrubbedHeard(reply, scrub), stopReason: scrub(reply.stopReason) };
}

function scrubbedHeard<Heard extends ReplyHeard>(heard: Heard, scrub: Scrub): Heard {
  const { message, model, requestId } = heard;
  return {
    ...heard,
    message: scrubbedMessage(message, scrub),
    model: scrub(model),
    requestId: requestId === null ? null : scrub(requestId),
  };
}

function scrubbedMessage(message: Message, scrub: Scrub): Message {
  return { ...message, content: message.content.map((block) => scrubbedBlock(block, scrub)) };
}

/** What a model thinks is bound to its signature, and shown to nobody. */
function scrubbedBlock(block: Block, scrub: Scrub): Block {
  if (isThinking(block)) return block;
  if (isText(block)) return { ...block, text: scrub(block.text) };
  const json = JSON.stringify(block);
  const harmless = scrub(json);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only letters in its texts have changed
  return harmless === json ? block : (JSON.parse(harmless) as Block);
}

function withHeard(error: unknown, scrub: Scrub): unknown {
  if (!(error instanceof CallAborted) || error.heard === null) return error;
  Reflect.set(error, "heard", scrubbedHeard(error.heard, scrub));
  return error;
}

interface HoldingBack {
  readonly listener: ReplyListener;
  /** Nothing more comes: what was held back is told. */
  end(): void;
}

/** The end of a piece that may be the beginning of a secret waits for the next one. */
function holdingBack(listener: ReplyListener, scrub: Scrub, beginnings: Beginnings): HoldingBack {
  let held = "";
  let from = 0;
  const tell = (text: string): void => {
    if (text !== "") listener.text(scrub(text), from);
    from += text.length;
  };
  return {
    listener: {
      alive: (usage, writing) => listener.alive(usage, writing),
      limits: (seen) => listener.limits?.(seen),
      text(piece, offset) {
        if (offset !== from + held.length) {
          tell(held);
          [held, from] = ["", offset];
        }
        const text = held + piece;
        const kept = beginningIn(text, beginnings);
        held = "";
        tell(text.slice(0, text.length - kept));
        held = text.slice(text.length - kept);
      },
    },
    end() {
      tell(held);
      held = "";
    },
  };
}

/** All that a secret may begin with, looked up for each piece of a reply. */
interface Beginnings {
  readonly texts: ReadonlySet<string>;
  readonly charsMax: number;
}

function beginningsOf(forms: readonly string[]): Beginnings {
  const texts = forms.flatMap((form) =>
    Array.from({ length: form.length - 1 }, (_, at) => form.slice(0, at + 1)),
  );
  return { texts: new Set(texts), charsMax: (forms[0]?.length ?? 1) - 1 };
}

/** How many letters at the end of the text a secret may begin with. */
function beginningIn(text: string, { texts, charsMax }: Beginnings): number {
  for (let count = Math.min(text.length, charsMax); count > 0; count -= 1) {
    if (texts.has(text.slice(text.length - count))) return count;
  }
  return 0;
}
