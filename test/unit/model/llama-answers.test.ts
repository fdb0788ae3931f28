// As llama.cpp's server writes it on /v1/messages (0.5.0-dev): its streams and refusals are nearly those of the API.

import { afterEach, describe, expect, test } from "@jest/globals";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import {
  startScriptedProvider,
  type Answer,
  type ScriptedProvider,
} from "../../support/scripted-provider.ts";

let provider: ScriptedProvider | undefined;
afterEach(async () => {
  await provider?.stop();
  provider = undefined;
});

async function modelOf(answer: Answer) {
  provider = await startScriptedProvider(answer);
  return aModel(provider.url);
}

const refusing =
  (status: number, body: object): Answer =>
  (response) =>
    response
      .writeHead(status, { "content-type": "application/json; charset=utf-8" })
      .end(JSON.stringify(body));

describe("a 404 that is not of the API", () => {
  test.each<[string, object]>([
    [
      "of llama.cpp's server",
      { error: { code: 404, message: "File Not Found", type: "not_found_error" } },
    ],
    ["of one that nests no error", { type: "not_found_error", message: "no such route" }],
    ["of one that speaks as OpenAI's", { error: { message: "no route", type: "not_found_error" } }],
  ])("%s is about the address, and says nothing of the model", async (_, body) => {
    const failure = await failureOf(
      (await modelOf(refusing(404, body))).call(aRequest(), DEAF, NEVER),
    );
    expect(failure).toMatchObject({ code: "PROVIDER_REJECTED", billing: "free" });
    expect(failure.message).toContain("check ANTHROPIC_BASE_URL");
  });
});
