// A provider that lies in each way there is, as Pawl hears it: what it is charged, and what it is called.

import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { LIES, type Lie } from "../../../offline-model/lies.ts";
import { chargeFor, type Charge } from "../../../src/domain/charge.ts";
import { charsOf, userMessage } from "../../../src/domain/message.ts";
import { SHIPPED_MODELS, specOf } from "../../../src/domain/model-table.ts";
import { priceOn, worstCase, worstCaseMicroUsd } from "../../../src/domain/pricing.ts";
import type { ModelReply } from "../../../src/model/model.ts";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import { LIE_NAMES } from "../../support/lie-names.ts";
import { startBench, type Bench } from "./support.ts";

/** Long enough to be cached. */
const TASK = userMessage("What is 6 * 7? ".repeat(200));
const request = aRequest({ messages: [TASK] });

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
beforeEach(() => bench.admin("DELETE", ""));
afterAll(() => bench.model.close());

const repliedAt = new Date().toISOString();
const model = () => aModel(bench.model.url);

function boundsOf() {
  const promptTokensMax = model().promptBytes(request) + 1000;
  const price = priceOn(specOf(SHIPPED_MODELS, request.model), repliedAt);
  const worst = worstCase(price, promptTokensMax, 0, "5m");
  return {
    models: SHIPPED_MODELS,
    model: request.model,
    lane: "live" as const,
    promptTokensMax,
    promptChars: charsOf(TASK),
    replyTokensMax: request.replyTokensMax,
    webSearchesMax: 0,
    heldMicroUsd: worstCaseMicroUsd(worst, request.replyTokensMax),
  };
}

function chargedFor(reply: ModelReply): Charge {
  const { usage, message } = reply;
  const isRefusal = reply.stopReason === "refusal";
  const { model: answering, contradictions = [] } = reply;
  const answered = { model: answering, usage, message, isRefusal, contradictions, repliedAt };
  return chargeFor(boundsOf(), answered);
}

const billedMicroUsd = (): number =>
  bench.model.billing().reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0);

const NO_REPLY: readonly Lie[] = [
  "negative",
  "fraction",
  "text",
  "null",
  "missing",
  "infinite",
  "unsafe_integer",
  "no_model",
  "second_start",
  "text_after_stop",
  "usage_after_stop",
];
/** Counts that were told before, or in another place, are what is charged. */
const SEEN_THROUGH: readonly Lie[] = [
  "cheaper_model",
  "model_named_proto",
  "input_falls",
  "output_falls",
  "hidden_cache_writes",
  "silent_refusal",
];
const CHARGED_THE_HOLD: readonly Lie[] = [
  "no_tokens",
  "no_output_tokens",
  "one_token",
  "vast_input",
  "vast_output",
  "vast_searches",
];

test("each lie has its place below, and there are 23", () => {
  expect(LIES).toHaveLength(23);
  const told = [...NO_REPLY, ...SEEN_THROUGH, ...CHARGED_THE_HOLD];
  expect(told.toSorted()).toEqual([...LIES].toSorted());
});

test.each(NO_REPLY)("%s: it is no reply, its price is not known, and it is named", async (how) => {
  await bench.faults({ kind: "lie", how });
  const failure = await failureOf(model().call(request, DEAF, NEVER));
  expect(failure).toMatchObject({ code: "PROVIDER_STREAM_INVALID", billing: "unknown" });
  expect(failure.message).toMatch(LIE_NAMES[how]);
  expect(billedMicroUsd()).toBeGreaterThan(0);
});

test.each(SEEN_THROUGH)("%s: the bill is charged all the same, and the lie named", async (how) => {
  await bench.faults({ kind: "lie", how });
  const charge = chargedFor(await model().call(request, DEAF, NEVER));
  expect(charge).toMatchObject({ basis: "counted", costMicroUsd: billedMicroUsd() });
  expect(charge.costMicroUsd).toBeGreaterThan(0);
  expect(charge.contradictions.join()).toMatch(LIE_NAMES[how]);
});

test("who does not lie is not said to", async () => {
  expect(chargedFor(await model().call(request, DEAF, NEVER)).contradictions).toEqual([]);
});

test.each(CHARGED_THE_HOLD)("%s: the hold is charged, and the lie named", async (how) => {
  await bench.faults({ kind: "lie", how });
  const charge = chargedFor(await model().call(request, DEAF, NEVER));
  expect(charge.costMicroUsd).toBe(boundsOf().heldMicroUsd);
  expect(charge.costMicroUsd).toBeGreaterThanOrEqual(billedMicroUsd());
  expect(charge.basis).not.toBe("counted");
  expect(charge.contradictions.join()).toMatch(LIE_NAMES[how]);
});

test("a name that is none is not taken over", async () => {
  await bench.faults({ kind: "lie", how: "model_named_proto" });
  const proto = chargedFor(await model().call(request, DEAF, NEVER));
  expect(proto).toMatchObject({ model: request.model });
});
