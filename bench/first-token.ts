// How long after the worker's own SDK a person at the gateway sees the first word of a reply, and how
// long that is after the order was sent. The plain stream of the SDK is measured by turns with it.

import Anthropic from "@anthropic-ai/sdk";
import type { MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/messages";
import { startGatewayWorld } from "../test/support/gateway.ts";
import { openSse } from "../test/support/sse-viewer.ts";
import { medianOf } from "./median.ts";
import { newLabel, type Stage } from "./stage.ts";

export interface FirstToken {
  /** Through worker, database, gateway and SSE, above the plain stream: from the request to the first text. */
  readonly addedMs: number;
  /** From the request to the first text, in the plain stream. */
  readonly rawMs: number;
  /** From `POST /v1/runs` to the first text. */
  readonly wholeMs: number;
}

/** The first piece of text comes this long after the request, as from a real model. */
const PACE_MS = 60;

export async function measureFirstToken(stage: Stage, rounds: number): Promise<FirstToken> {
  const { world } = stage;
  const gateway = await startGatewayWorld(world.env);
  const { url: baseURL } = world.model;
  const anthropic = new Anthropic({ apiKey: "offline", baseURL, maxRetries: 0 });
  const seen: { raw: number; added: number; whole: number }[] = [];
  try {
    await world.model.pace(PACE_MS);
    await viaGateway(stage, gateway.url);
    for (let round = 0; round < rounds; round += 1) {
      const { fromRequestMs, fromOrderMs, body } = await viaGateway(stage, gateway.url);
      const raw = await viaSdk(stage, anthropic, body);
      seen.push({ raw, added: fromRequestMs - raw, whole: fromOrderMs });
    }
  } finally {
    await world.model.pace(0);
    await gateway.kill();
  }
  return {
    addedMs: medianOf(seen.map(({ added }) => added)),
    rawMs: medianOf(seen.map(({ raw }) => raw)),
    wholeMs: medianOf(seen.map(({ whole }) => whole)),
  };
}

interface Seen {
  readonly fromRequestMs: number;
  readonly fromOrderMs: number;
  readonly body: unknown;
}

async function viaGateway({ world }: Stage, url: string): Promise<Seen> {
  const task = newLabel();
  await world.model.script([
    { match: { contains: task }, times: 2, reply: { text: "One word, and then some more." } },
  ]);
  const orderedMs = Date.now();
  const response = await fetch(`${url}/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ task }),
  });
  const { runId } = (await response.json()) as { runId: string };
  let firstMs = 0;
  const stream = await openSse(`${url}/v1/runs/${runId}/events`, {
    onEvent: ({ type }) => {
      if (type === "reply.delta" && firstMs === 0) firstMs = Date.now();
    },
  });
  if ((await stream.ended) !== "finished") throw new Error(`the stream of ${runId} was cut`);
  const requests = await world.model.requests();
  const request = requests.find(({ runKey }) => runKey === runId);
  if (request === undefined) throw new Error(`${runId} asked no model`);
  return {
    fromRequestMs: firstMs - Date.parse(request.at),
    fromOrderMs: firstMs - orderedMs,
    body: request.body,
  };
}

/** From the same moment: when the model has the request. */
async function viaSdk({ world }: Stage, anthropic: Anthropic, body: unknown): Promise<number> {
  const stream = await anthropic.messages.create(body as MessageCreateParamsStreaming);
  let firstMs: number | null = null;
  for await (const event of stream) {
    const isText = event.type === "content_block_delta" && event.delta.type === "text_delta";
    if (isText) firstMs ??= Date.now();
  }
  const times = (await world.model.requests()).map(({ at }) => Date.parse(at));
  if (firstMs === null) throw new Error("the plain stream had no text");
  return firstMs - Math.max(...times);
}
