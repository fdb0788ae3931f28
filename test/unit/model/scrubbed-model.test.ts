// An endpoint that sends back the key that it was sent.

import fc from "fast-check";
import { describe, expect, test } from "@jest/globals";
import {
  CallAborted,
  ModelCallError,
  type Model,
  type ModelReply,
  type ModelRequest,
} from "../../../src/model/model.ts";
import type { BatchedResult, ProviderBatches } from "../../../src/model/provider-batches.ts";
import { scrubbedBatches, scrubbedModel } from "../../../src/model/scrubbed-model.ts";

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

const echoed = (): ModelCallError =>
  new ModelCallError("PROVIDER_AUTH", `The provider answered 401: ${KEY}`, { billing: "free" });

test.each<[string, (model: Model) => Promise<unknown>]>([
  ["a count of tokens", (model) => model.countTokens(REQUEST, SIGNAL)],
  ["a ping", (model) => model.ping("m", SIGNAL)],
])("nor does an error of %s tell it", async (_, ask) => {
  const fails = async (): Promise<never> => Promise.reject(echoed());
  const failing: Model = { ...saying("", []), countTokens: fails, ping: fails };
  await expect(ask(scrubbedModel(failing, [KEY]))).rejects.toThrow(
    `The provider answered 401: ${"*".repeat(KEY.length)}`,
  );
});

test("what was heard of a reply that was stopped tells no secret", async () => {
  const { message, usage, requestId } = replyOf(`Your key is ${KEY}`);
  const said = { message, usage, requestId, model: `model-of-${KEY}` };
  const stopping: Model = {
    ...saying("", []),
    async call() {
      throw new CallAborted(AbortSignal.abort(), said);
    },
  };
  const error = await heard(stopping).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CallAborted);
  const { heard: left } = error as CallAborted;
  const [, ...shown] = left?.message.content ?? [];
  expect(shown).toContainEqual({ type: "text", text: `Your key is ${"*".repeat(KEY.length)}` });
  expect(JSON.stringify([shown, left?.model, left?.requestId])).not.toContain("canary");
});

describe("of a batch", () => {
  const fails = async (): Promise<never> => Promise.reject(echoed());
  const FAILING: ProviderBatches = {
    ...{ create: fails, look: fails, resultOf: fails, cancel: fails, createdBetween: fails },
  };
  const answering = (result: BatchedResult): ProviderBatches =>
    scrubbedBatches({ ...FAILING, resultOf: async () => result }, [KEY]);

  test("the reply tells no secret, and neither does why there is none", async () => {
    const reply = replyOf(`Your key is ${KEY}`);
    const told = await answering({ kind: "succeeded", reply }).resultOf("b", "c");
    if (told?.kind !== "succeeded") throw new Error("it has");
    const [, ...shown] = told.reply.message.content;
    expect(JSON.stringify([shown, told.reply.requestId])).not.toContain("canary");
    for (const kind of ["errored", "expired", "canceled"] as const) {
      const failed = await answering({ kind, message: `no: ${KEY}` }).resultOf("b", "c");
      expect(failed).toEqual({ kind, message: `no: ${"*".repeat(KEY.length)}` });
    }
  });

  test.each<[string, (batches: ProviderBatches) => Promise<unknown>]>([
    ["making", (batches) => batches.create(REQUEST, "c")],
    ["looking at", (batches) => batches.look("b")],
    ["reading", (batches) => batches.resultOf("b", "c")],
    ["cancelling", (batches) => batches.cancel("b")],
    ["looking for", (batches) => batches.createdBetween(new Date(0), new Date(1))],
  ])("no error of %s one tells it", async (_, ask) => {
    const error = await ask(scrubbedBatches(FAILING, [KEY])).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "PROVIDER_AUTH" });
    expect(`${String(error)} ${(error as Error).stack}`).not.toContain("canary");
  });
});
