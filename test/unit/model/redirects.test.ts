// An endpoint that sends us elsewhere: the prompt goes to nobody else, and the key neither, whichever request it is.

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ServerResponse } from "node:http";
import { anthropicBatches } from "../../../src/model/anthropic-batches.ts";
import type { Model } from "../../../src/model/model.ts";
import type { ProviderBatches } from "../../../src/model/provider-batches.ts";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import {
  END,
  openStream,
  START,
  startScriptedProvider,
  textBlock,
  type ScriptedProvider,
} from "../../support/scripted-provider.ts";

let asked: ScriptedProvider;
/** It would answer anything. */
let elsewhere: ScriptedProvider;
let redirect: (response: ServerResponse) => void;

beforeEach(async () => {
  elsewhere = await startScriptedProvider((response) =>
    openStream(response).end(START + textBlock(0, "Fine.") + END),
  );
  asked = await startScriptedProvider((response) => redirect(response));
});
afterEach(() => Promise.all([asked.stop(), elsewhere.stop()]));

interface Client {
  readonly model: Model;
  readonly batches: ProviderBatches;
}

const REQUESTS: readonly (readonly [string, (client: Client) => Promise<unknown>])[] = [
  ["a call", ({ model }) => model.call(aRequest(), DEAF, NEVER)],
  ["a count of tokens", ({ model }) => model.countTokens(aRequest(), NEVER)],
  ["a ping", ({ model }) => model.ping("claude-sonnet-5-5", NEVER)],
  ["a batch", ({ batches }) => batches.create(aRequest(), "id")],
  ["a look at a batch", ({ batches }) => batches.look("msgbatch_1")],
  ["the results of one", ({ batches }) => batches.resultOf("msgbatch_1", "id")],
];

describe.each([301, 302, 303, 307, 308])("a %d to another server", (status) => {
  test.each(REQUESTS)("is not followed by %s", async (_, send) => {
    redirect = (response) =>
      response.writeHead(status, { location: `${elsewhere.url}/v1/messages` }).end();
    const client = {
      model: aModel(asked.url),
      batches: anthropicBatches({ apiKey: "offline", baseUrl: asked.url, offline: true }),
    };
    const failure = await failureOf(send(client));
    expect(failure.message).toContain(String(status));
    expect(elsewhere.requests).toEqual([]);
    expect(asked.requests).toHaveLength(1);
  });
});
