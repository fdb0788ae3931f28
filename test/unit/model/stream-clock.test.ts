import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { StreamClock, type StreamTimers } from "../../../src/model/stream-clock.ts";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import {
  END,
  openStream,
  PING,
  refuse,
  START,
  startScriptedProvider,
  textBlock,
  type Answer,
  type ScriptedProvider,
} from "../../support/scripted-provider.ts";

const RINGS_MS = 400;
/** A loaded machine may be late; it is never early. */
const MARGIN_MS = 10_000;

let provider: ScriptedProvider | undefined;
const drips: NodeJS.Timeout[] = [];

afterEach(async () => {
  for (const timer of drips.splice(0)) clearInterval(timer);
  await provider?.stop();
  provider = undefined;
});

/** Writes the bytes again and again, well before a timer of silence could ring. */
function drip(response: ServerResponse, bytes: string): void {
  drips.push(setInterval(() => response.write(bytes), RINGS_MS / 5));
}

async function timesOut(timers: Partial<StreamTimers>, answer: Answer): Promise<string> {
  provider = await startScriptedProvider(answer);
  const startedAt = performance.now();
  const failure = await failureOf(aModel(provider.url, timers).call(aRequest(), DEAF, NEVER));
  const tookMs = performance.now() - startedAt;
  expect(failure).toMatchObject({ code: "PROVIDER_TIMEOUT", billing: "unknown" });
  expect(tookMs).toBeGreaterThanOrEqual(RINGS_MS - 5);
  expect(tookMs).toBeLessThan(RINGS_MS + MARGIN_MS);
  await provider.closed(1);
  expect(provider.requests).toHaveLength(1);
  return failure.message;
}

describe("a provider that goes silent is left, and its socket closed", () => {
  test("no first byte", async () => {
    const message = await timesOut({ firstByteMs: RINGS_MS }, () => undefined);
    expect(message).toBe(`no event of a reply within ${RINGS_MS} ms`);
  });

  test("headers and then nothing", async () => {
    const message = await timesOut({ firstByteMs: RINGS_MS }, (response) => {
      openStream(response).flushHeaders();
    });
    expect(message).toBe(`no event of a reply within ${RINGS_MS} ms`);
  });

  test("headers, and comments for ever", async () => {
    const message = await timesOut({ firstByteMs: RINGS_MS }, (response) => {
      drip(openStream(response), ":\n\n");
    });
    expect(message).toBe(`no event of a reply within ${RINGS_MS} ms`);
  });

  test("part of a reply and then nothing", async () => {
    const message = await timesOut({ idleMs: RINGS_MS }, (response) => {
      openStream(response).write(START + textBlock(0, "half an ans"));
    });
    expect(message).toBe(`the stream was silent for ${RINGS_MS} ms`);
  });

  test("the body of a refusal that never ends", async () => {
    const message = await timesOut({ idleMs: RINGS_MS }, (response) => {
      response.writeHead(500, { "content-type": "application/json" }).write('{"type":');
    });
    expect(message).toBe(`the stream was silent for ${RINGS_MS} ms`);
  });

  test("nothing but pings is no progress", async () => {
    const message = await timesOut({ progressMs: RINGS_MS }, (response) => {
      drip(openStream(response), PING);
      response.write(START);
    });
    expect(message).toBe(`nothing but pings for ${RINGS_MS} ms`);
  });

  test("pings before the first event are no progress either", async () => {
    const timers = { progressMs: RINGS_MS / 4, firstByteMs: RINGS_MS };
    await timesOut(timers, (response) => drip(openStream(response), PING));
  });

  test("a reply that grows for ever is cut off at its total time", async () => {
    const [opens = "", grows = ""] = textBlock(0, "x").split(/(?<=\n\n)/);
    const message = await timesOut({ totalMs: RINGS_MS, progressMs: 120 }, (response) => {
      openStream(response).write(START + opens);
      drip(response, grows);
    });
    expect(message).toBe(`the reply took longer than ${RINGS_MS} ms`);
  });
});

test("a reply that is slow but steady outlives every timer of silence", async () => {
  provider = await startScriptedProvider((response) => {
    const events = (START + textBlock(0, "a", "b", "c", "d") + END).split(/(?<=\n\n)/);
    openStream(response);
    const timer = setInterval(() => {
      const next = events.shift();
      if (next === undefined) response.end();
      else response.write(next);
    }, 50);
    drips.push(timer);
  });
  const timers = { firstByteMs: 400, idleMs: 400, progressMs: 400 };
  const reply = await aModel(provider.url, timers).call(aRequest(), DEAF, NEVER);
  expect(reply.message.content).toEqual([{ type: "text", text: "abcd" }]);
});

const WAITS_MS = 300;

describe("a prompt that takes long to read is waited for up to the first event", () => {
  const quick = { idleMs: WAITS_MS / 3, progressMs: WAITS_MS / 3 };

  test.each([
    ["after headers", ""],
    ["after headers and a comment", ":\n\n"],
    ["after headers and a comment with words", ": still reading\n\n"],
    ["after headers and pings", PING],
  ])("%s", async (_, before) => {
    provider = await startScriptedProvider((response) => {
      const stream = openStream(response);
      stream.flushHeaders();
      if (before !== "") stream.write(before);
      setTimeout(() => stream.end(START + textBlock(0, "read") + END), WAITS_MS);
    });
    const model = aModel(provider.url, { ...quick, firstByteMs: 20 * WAITS_MS });
    const reply = await model.call(aRequest(), DEAF, NEVER);
    expect(reply.message.content).toEqual([{ type: "text", text: "read" }]);
  });

  test("for as long as this very request says", async () => {
    provider = await startScriptedProvider((response) => {
      setTimeout(() => openStream(response).end(START + textBlock(0, "late") + END), WAITS_MS);
    });
    const model = aModel(provider.url, { ...quick, firstByteMs: WAITS_MS / 3 });
    const patient = { ...aRequest(), firstByteMs: 20 * WAITS_MS };
    expect((await model.call(patient, DEAF, NEVER)).stopReason).toBe("end_turn");
    expect(await failureOf(model.call(aRequest(), DEAF, NEVER))).toMatchObject({
      code: "PROVIDER_TIMEOUT",
    });
  });
});

test("a refusal that is slow to come is still told as what it is", async () => {
  provider = await startScriptedProvider((response) =>
    setTimeout(() => refuse(response, 529, { type: "overloaded_error" }), 50),
  );
  const model = aModel(provider.url, { firstByteMs: 2000, idleMs: 2000 });
  const failure = await failureOf(model.call(aRequest(), DEAF, NEVER));
  expect(failure.code).toBe("PROVIDER_OVERLOADED");
});

describe("the clock alone", () => {
  const timers: StreamTimers = { firstByteMs: 20, idleMs: 20, progressMs: 20, totalMs: 20 };

  test("a stopped clock never rings, even if late bytes arrive", async () => {
    const clock = new StreamClock(timers);
    clock.stop();
    clock.heard(1);
    clock.progressed();
    const control = new StreamClock({ ...timers, firstByteMs: 60 });
    await new Promise((resolve) => control.signal.addEventListener("abort", resolve));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(clock.signal.aborted).toBe(false);
  });

  test("no reply may have more than 32 MiB, however fast it comes", () => {
    const clock = new StreamClock({ ...timers, totalMs: 60_000 });
    clock.heard(32 * 1024 * 1024);
    expect(clock.signal.aborted).toBe(false);
    clock.heard(1);
    expect(clock.signal.reason).toMatchObject({ code: "PROVIDER_TIMEOUT", billing: "unknown" });
    clock.stop();
  });
});
