// Signatures of thinking. A block of a model that binds its thinking is valid only behind exactly the
// bytes it was written behind: system, tools and every earlier block, key order included. So edited
// histories, instructions that changed with a deploy and re-ordered keys fail offline as they do online.

import { createHmac } from "node:crypto";
import { invalidRequest } from "./api-error.ts";
import type { ServedModel } from "./model-rules.ts";
import {
  canonical,
  systemBlocks,
  turnsOf,
  type PlacedBlock,
  type PromptParams,
  type RequestBlock,
} from "./request.ts";

// Public and constant: it protects nothing, and conversations outlive a restart of the server.
const MAC_KEY = "pawl offline model";
const SEPARATOR = ".";

interface Signature {
  readonly model: string;
  readonly prefixMac: string;
  readonly textMac: string;
}

/** The signature of thinking that begins a reply to `prompt`. */
export function sign(prompt: PromptParams, model: ServedModel, thinking: string): string {
  const prefix = walk(prompt, model, () => undefined);
  return render({
    model: model.id,
    prefixMac: prefixMac(prefix, model),
    textMac: mac(thinking),
  });
}

/** Checks every thinking block; returns those of other models, which this one doesn't get to see. */
export function verifyThinking(
  prompt: PromptParams,
  model: ServedModel,
): ReadonlySet<RequestBlock> {
  const dropped = new Set<RequestBlock>();
  const lastAssistant = turnsOf(prompt.messages).findLast(({ role }) => role === "assistant");
  walk(prompt, model, ({ block, path }, prefix) => {
    if (block.type !== "thinking") return;
    const signature = parse(block.signature);
    if (signature === undefined) {
      throw invalidRequest(`${path}: Invalid \`signature\` in \`thinking\` block`);
    }
    if (signature.model !== model.id) {
      dropped.add(block);
      return;
    }
    if (signature.textMac !== mac(block.thinking)) {
      const isLatest = lastAssistant?.blocks.some((placed) => placed.block === block) ?? false;
      throw invalidRequest(
        isLatest
          ? `${path}: \`thinking\` or \`redacted_thinking\` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.`
          : `${path}: Invalid \`signature\` in \`thinking\` block`,
      );
    }
    if (signature.prefixMac !== prefixMac(prefix, model)) {
      throw invalidRequest(
        `${path}: Invalid \`signature\` in \`thinking\` block. The block is bound to a different conversation.`,
      );
    }
  });
  return dropped;
}

/** Visits the blocks in order, each with the MAC of all before it. Foreign thinking leaves no trace. */
function walk(
  prompt: PromptParams,
  model: ServedModel,
  visit: (placed: PlacedBlock, prefix: string) => void,
): string {
  let chain = mac([...systemBlocks(prompt), ...(prompt.tools ?? [])].map(canonical).join("\n"));
  for (const { role, blocks } of turnsOf(prompt.messages)) {
    for (const placed of blocks) {
      visit(placed, chain);
      const { block } = placed;
      const isForeign = block.type === "thinking" && parse(block.signature)?.model !== model.id;
      if (!isForeign) chain = mac(`${chain}\n${role}\n${canonical(block)}`);
    }
  }
  return chain;
}

function prefixMac(prefix: string, model: ServedModel): string {
  return model.bindsThinking ? mac(`${model.id}\n${prefix}`) : "unbound";
}

function mac(bytes: string): string {
  return createHmac("sha256", MAC_KEY).update(bytes).digest("base64url");
}

function render({ model, prefixMac: prefix, textMac }: Signature): string {
  return Buffer.from([model, prefix, textMac].join(SEPARATOR)).toString("base64");
}

function parse(signature: string): Signature | undefined {
  const parts = Buffer.from(signature, "base64").toString("utf8").split(SEPARATOR);
  const [model, prefix, textMac] = parts;
  if (model === undefined || prefix === undefined || textMac === undefined) return undefined;
  return { model, prefixMac: prefix, textMac };
}
