// An endpoint that sends back the key that it was sent.

import fc from "fast-check";
import { describe, expect, test } from "@jest/globals";
import {
  ModelCallError,
  type Model,
  type ModelReply,
  type ModelRequest,
} from "../../../src/model/model.ts";
import { scrubbedModel } from "../../../src/model/scrubbed-model.ts";

const KEY = "key-of-canary-0123456789";
const REQUEST = {} as ModelRequest;
const SIGNAL = new AbortController().signal;

const replyOf = (text: string): ModelReply => ({
  message: {
    role: "assistant",
    content: [
      { type: "thinking", thinking: KEY, signature: "s" },
      { type: "text", text },
      { type: "tool_use", id: "a", name: "x", input: { header: `Bearer ${KEY}` } },
    ],
  },
  model: "claude-sonnet-5-5",
  stopReason: "end_turn",
  usage: {} as ModelReply["usage"],
  invalidCalls: [],
  requestId: `req_${KEY}`,
});

/** Tells its text in pieces that end at these places. */
function saying(text: string, cuts: readonly number[]): Model {
  return {
    async call(_request, listener) {
      let from = 0;
      for (const cut of [...cuts.toSorted((a, b) => a - b), text.length]) {
        if (cut <= from) continue;
        listener.text(text.slice(from, cut), from);
        from = cut;
      }
      return replyOf(text);
    },
    countTokens: async () => 0,
    ping: async () => undefined,
    promptBytes: () => 0,
  };
}

async function heard(model: Model): Promise<{ readonly text: string; readonly reply: ModelReply }> {
  let text = "";
  const listener = {
    alive: () => undefined,
    text(piece: string, offset: number) {
      expect(offset).toBe(text.length);
      text += piece;
    },
  };
  const reply = await scrubbedModel(model, [KEY]).call(REQUEST, listener, SIGNAL);
  return { text, reply };
}

describe("a reply", () => {
  test("tells no secret, however it is cut into pieces, and the pieces are its text", async () => {
    const text = `Your key is ${KEY}, and key-of- is how keys begin. sk`;
    const cuts = fc.array(fc.integer({ min: 1, max: text.length }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        const { text: told, reply } = await heard(saying(text, at));
        expect(told).not.toContain("canary");
        expect(told).toHaveLength(text.length);
        expect(reply.message.content[1]).toEqual({ type: "text", text: told });
      }),
    );
  });

  test("has none in its calls and ids either; what is signed stays", async () => {
    const { reply } = await heard(saying("Hi.", []));
    const [thinking, , call] = reply.message.content;
    expect(thinking).toMatchObject({ thinking: KEY });
    expect(JSON.stringify([call, reply.requestId])).not.toContain("canary");
  });
});

test("an error of the provider keeps its code and loses the secret, down to its causes", async () => {
  const failing: Model = {
    ...saying("", []),
    async call() {
      throw new ModelCallError("PROVIDER_AUTH", `The provider answered 401: ${KEY}`, {
        billing: "free",
        cause: new Error(`header: Bearer ${KEY}`),
      });
    },
  };
  const error = await heard(failing).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModelCallError);
  expect(error).toMatchObject({ code: "PROVIDER_AUTH", billing: "free" });
  const { message, stack, cause } = error as Error;
  expect(`${message} ${stack} ${String(cause)}`).not.toContain("canary");
});
