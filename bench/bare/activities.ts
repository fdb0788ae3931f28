// What the bare loop does in a turn: streams the request that Pawl sent in the same turn through the same
// SDK of the provider, and keeps nothing: no ledger, no transcript, no text for viewers.

import Anthropic from "@anthropic-ai/sdk";
import type { MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/messages";

export interface BareActivities {
  ask(turn: number): Promise<string>;
  calculate(turn: number): Promise<number>;
}

export function bareActivities(
  baseURL: string,
  bodies: readonly MessageCreateParamsStreaming[],
): BareActivities {
  const anthropic = new Anthropic({ apiKey: "offline", baseURL, maxRetries: 0 });
  return {
    async ask(turn) {
      const body = bodies[turn % bodies.length];
      if (body === undefined) throw new Error("there are no requests to send");
      let said = "";
      for await (const event of await anthropic.messages.create(body)) {
        if (event.type !== "content_block_delta") continue;
        if (event.delta.type === "text_delta") said += event.delta.text;
        if (event.delta.type === "input_json_delta") said += event.delta.partial_json;
      }
      return said;
    },
    calculate: async (turn) => turn + 1,
  };
}
