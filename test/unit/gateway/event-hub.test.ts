import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { WatchOptions } from "../../../src/client/watch.ts";
import { PawlError } from "../../../src/domain/errors.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { createEventHub, type EventHub, type HubOptions } from "../../../src/gateway/event-hub.ts";
import { resumeAfter, sendEvents } from "../../../src/gateway/sse.ts";
import { eventOf, resultOf } from "../../support/fake-client.ts";
import { until } from "../../support/processes.ts";
import { openSse, type SseStream } from "../../support/sse-viewer.ts";

const RUN = "run_test";
const result = resultOf({ kind: "answered" });

/** A run that tells what the test says, when it says it. */
function createRun() {
  const events: RunEvent[] = [];
  const wakers = new Set<() => void>();
  let watches = 0;
  let reading = 0;
  let failNext: Error | null = null;
  const wakeAll = (): void => {
    for (const wake of wakers) wake();
    wakers.clear();
  };
  return {
    get watches() {
      return watches;
    },
    get reading() {
      return reading;
    },
    failNext: (error: Error) => {
      failNext = error;
      wakeAll();
    },
    tell(...told: RunEvent[]): void {
      events.push(...told);
      wakeAll();
    },
    async *watch(_runId: string, { after, signal }: WatchOptions = {}): AsyncGenerator<RunEvent> {
      watches += 1;
      reading += 1;
      try {
        let at = after === undefined ? 0 : events.findIndex(({ id }) => id === after) + 1;
        signal?.addEventListener("abort", wakeAll, { once: true });
        while (true) {
          if (signal?.aborted === true) return;
          const event = events[at];
          if (failNext !== null) {
            const error = failNext;
            failNext = null;
            throw error;
          }
          if (event === undefined) {
            await new Promise<void>((wake) => wakers.add(wake));
            continue;
          }
          at += 1;
          yield event;
          if (event.type === "run.ended") return;
        }
      } finally {
        reading -= 1;
      }
    },
  };
}

const delta = (end: number, text: string): RunEvent =>
  eventOf({ type: "reply.delta", turn: 1, attempt: 1, text }, `0.5.1.${end}`);
const turn = eventOf(
  { type: "turn.started", turn: 1, model: "m", spentUsd: 0, capUsd: 1, offline: true },
  "0.5",
);
const finished = eventOf(
  {
    type: "reply.finished",
    turn: 1,
    attempt: 1,
    model: "m",
    offline: true,
    stopReason: "end_turn",
    text: "onetwo",
    inputTokens: 1,
    outputTokens: 1,
    cacheReadTokens: 0,
    costUsd: 0,
    crashTaxUsd: 0,
    spentUsd: 0,
    capUsd: 1,
  },
  "0.7.0.3",
);
const ended = eventOf({ type: "run.ended", result }, "0.9.0.3");

let server: Server;
let hub: EventHub;
let run: ReturnType<typeof createRun>;
const streams: SseStream[] = [];

async function serve(options: HubOptions = {}): Promise<string> {
  run = createRun();
  hub = createEventHub(run, options);
  server = createServer((request, response) => {
    const after = resumeAfter(request.headers["last-event-id"]?.toString(), null);
    sendEvents(hub, response, { runId: RUN, after });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function open(...args: Parameters<typeof openSse>): Promise<SseStream> {
  const stream = await openSse(...args);
  streams.push(stream);
  return stream;
}

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.drop();
  hub.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe("the event hub", () => {
  test("S1: tells everybody every event, in order, and ends behind run.ended", async () => {
    const url = await serve();
    const first = await open(url);
    expect(first.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "content-encoding": "identity",
      "x-accel-buffering": "no",
    });
    run.tell(turn, delta(3, "one"));
    await until("the first was told", () => first.events.length === 2);
    const second = await open(url);
    run.tell(delta(6, "two"), ended);
    expect(await first.ended).toBe("finished");
    expect(await second.ended).toBe("finished");
    expect(first.events).toEqual([turn, delta(3, "one"), delta(6, "two"), ended]);
    expect(second.events).toEqual(first.events);
    const late = await open(url);
    expect(await late.ended).toBe("finished");
    expect(late.events).toEqual(first.events);
  });

  test("S1: who comes back is told what is behind its last event, also inside a delta", async () => {
    const url = await serve();
    run.tell(turn, delta(3, "one"), delta(6, "two"), finished, ended);
    const behindEvent = await open(url, { after: "0.5.1.3" });
    await behindEvent.ended;
    expect(behindEvent.events).toEqual([delta(6, "two"), finished, ended]);
    const insideDelta = await open(url, { after: "0.5.1.4" });
    await insideDelta.ended;
    expect(insideDelta.events).toEqual([delta(6, "wo"), finished, ended]);
  });

  test("S2: a hundred viewers are one watch, which ends some time after the last has left", async () => {
    const url = await serve({ lingerMs: 50 });
    const viewers = await Promise.all(Array.from({ length: 100 }, () => open(url)));
    run.tell(turn);
    await until("all were told", () => viewers.every(({ events }) => events.length === 1));
    expect(run.watches).toBe(1);
    expect(hub.counts).toEqual({ tails: 1, viewers: 100 });
    for (const viewer of viewers) viewer.drop();
    await until("nobody watches", () => run.reading === 0);
    expect(hub.counts).toEqual({ tails: 0, viewers: 0 });
  });

  test("S3: who does not read is dropped, and others miss nothing", async () => {
    const url = await serve({ stallMs: 3000 });
    const reader = await open(url);
    const frozen = await open(url);
    frozen.freeze();
    const text = "x".repeat(100_000);
    const many = Array.from({ length: 300 }, (_, n) => delta((n + 1) * text.length, text));
    run.tell(turn, ...many, ended);
    expect(await reader.ended).toBe("finished");
    expect(reader.events).toHaveLength(302);
    await until("the frozen one is dropped", () => hub.counts.viewers === 0);
  });

  /** More than memory is to hold: a turn, text, its end, another turn. */
  const story = (): readonly RunEvent[] => {
    const text = "x".repeat(1000);
    const deltas = Array.from({ length: 600 }, (_, n) => delta((n + 1) * text.length, text));
    const next = eventOf({ ...turn, type: "turn.started", turn: 2 } as typeof turn, "0.11");
    return [turn, ...deltas, finished, next];
  };
  const last = eventOf({ type: "run.ended", result }, "0.13.0.3");

  test("S2: who comes late, or back, is told what memory has no room for without another watch", async () => {
    const url = await serve({ logBytesMax: 100_000 });
    const reader = await open(url);
    const told = story();
    run.tell(...told);
    await until("it was told", () => reader.events.length === told.length);
    const late = await open(url);
    const back: SseStream[] = [];
    for (const at of [0, 1, 63, 64, 65, 200, 599, 600, 601, 602]) {
      back.push(await open(url, { after: told[at]?.id }));
    }
    const amid = await open(url, { after: "0.5.1.100500" });
    run.tell(last);
    for (const stream of [reader, late, amid, ...back]) expect(await stream.ended).toBe("finished");
    expect(late.events).toEqual([...told, last]);
    for (const [n, at] of [0, 1, 63, 64, 65, 200, 599, 600, 601, 602].entries()) {
      expect(back[n]?.events).toEqual([...told, last].slice(at + 1));
    }
    const [cut, ...rest] = amid.events;
    expect(cut).toMatchObject({ id: "0.5.1.101000", text: "x".repeat(500) });
    expect(rest).toEqual([...told, last].slice(102));
    expect(run.watches).toBe(1);
  });

  test("S3: where the disk is full, who comes late reads the history until it stands with the others", async () => {
    const failures: unknown[] = [];
    const url = await serve({
      logBytesMax: 50_000,
      openSpill: async () => await Promise.reject(new Error("no space left")),
      onSpillFailed: (_runId, error) => void failures.push(error),
    });
    const reader = await open(url);
    const told = story();
    run.tell(...told);
    await until("it was told", () => reader.events.length === told.length);
    const late = await open(url);
    await until("the late one caught up", () => late.events.length === told.length);
    await until("it stands with the others", () => run.reading === 1);
    expect(hub.counts).toEqual({ tails: 1, viewers: 2 });
    run.tell(last);
    expect(await late.ended).toBe("finished");
    expect(late.events).toEqual([...told, last]);
    expect(await reader.ended).toBe("finished");
    expect(failures).toHaveLength(1);
  });

  test("while Temporal is away viewers stay and hear beats, and then it goes on", async () => {
    const url = await serve({ beatMs: 20 });
    const comments: string[] = [];
    const viewer = await open(url, { onComment: (text) => comments.push(text) });
    run.tell(turn);
    await until("it was told", () => viewer.events.length === 1);
    run.failNext(new PawlError("BACKEND_UNREACHABLE", "away"));
    await until("it hears beats", () => comments.filter((text) => text === "beat").length > 2);
    run.tell(delta(3, "one"), ended);
    expect(await viewer.ended).toBe("finished");
    expect(viewer.events).toEqual([turn, delta(3, "one"), ended]);
  });

  test("S4: a run that can't be watched ends the stream without run.ended", async () => {
    const url = await serve();
    const viewer = await open(url);
    run.failNext(new PawlError("RUN_NOT_FOUND", "gone"));
    expect(await viewer.ended).toBe("dropped");
    expect(viewer.events).toEqual([]);
  });

  test("an event id that is none is refused", () => {
    expect(() => resumeAfter("tomorrow", null)).toThrow(/not an event id/);
    expect(resumeAfter("", "0.5")).toMatchObject({ historyEventId: 5 });
    expect(resumeAfter("0.7", "0.5")).toMatchObject({ historyEventId: 7 });
  });
});
