// S2 and S3 for a run that told more than memory is to hold: one watch, bounded memory, and every viewer is
// told all of it in order. The sockets are made up: two hundred real ones would move ten gigabytes through
// the kernel, and the hub would not be what is measured.

import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test } from "@jest/globals";
import { parseEventId } from "../../../src/client/event-id.ts";
import type { WatchOptions } from "../../../src/client/watch.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { createEventHub, type EventHub } from "../../../src/gateway/event-hub.ts";
import { frameOf } from "../../../src/gateway/frames.ts";
import { eventOf, resultOf } from "../../support/fake-client.ts";
import { until } from "../../support/processes.ts";

const MB = 1024 * 1024;
const TOLD_BYTES = 50 * MB;
const TEXT = "x".repeat(16_000);
const EVENTS = Math.ceil(TOLD_BYTES / TEXT.length);
const VIEWERS = 200;
const DEADLINE_MS = 120_000;

/** The n-th thing that the run tells: text, that it is whole, and the end. */
const LAST = EVENTS + 2;

function eventAt(n: number): RunEvent {
  if (n === LAST)
    return eventOf({ type: "run.ended", result: resultOf({ kind: "answered" }) }, "0.9");
  if (n <= EVENTS)
    return eventOf({ type: "reply.delta", turn: 1, attempt: 1, text: TEXT }, idOf(n));
  const tokens = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0 };
  const money = { costUsd: 0, crashTaxUsd: 0, spentUsd: 0, capUsd: 1 };
  const about = {
    turn: 1,
    attempt: 1,
    model: "m",
    offline: true,
    stopReason: "end_turn",
    text: "",
  };
  return eventOf({ type: "reply.finished", ...about, ...tokens, ...money }, "0.7.0.3");
}

const idOf = (n: number): string => `0.5.1.${n * TEXT.length}`;

/** How the frame of each begins, and how long it is: to look at every byte would take minutes. */
const HEADS = Array.from({ length: LAST + 1 }, (_, n) => {
  const { bytes } = frameOf(eventAt(n));
  return { head: Buffer.from(bytes.subarray(0, 32)), bytes: bytes.length };
});

/** What a socket is to the hub: it notes which events it was told, and whether one was missing. */
class Socket extends Writable {
  next: number;
  hasEnded = false;
  isInOrder = true;

  constructor(after: number) {
    super({ highWaterMark: 16 * 1024 });
    this.next = after + 1;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (let at = 0; at < chunk.length; this.next += 1) {
      const expected = HEADS[this.next] ?? { head: Buffer.from("nothing"), bytes: Infinity };
      const { head, bytes } = expected;
      if (chunk.compare(head, 0, head.length, at, at + head.length) !== 0) this.isInOrder = false;
      this.hasEnded = this.next === LAST;
      at += bytes;
    }
    setImmediate(done);
  }
}

/** Takes the first write and no more. */
class FrozenSocket extends Writable {
  override _write(): void {}
}

const asResponse = (socket: Writable): ServerResponse => socket as unknown as ServerResponse;

let hub: EventHub;
afterEach(() => hub.close());

function counted() {
  let watches = 0;
  return {
    get watches() {
      return watches;
    },
    async *watch(_runId: string, { after }: WatchOptions = {}): AsyncGenerator<RunEvent> {
      watches += 1;
      const told = after === undefined ? 0 : parseEventId(after).offset / TEXT.length;
      for (let n = told + 1; n <= LAST; n += 1) {
        // As pages of a history come.
        if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield eventAt(n);
      }
    },
  };
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is still in use; resident memory has in it what was thrown away. */
function usedMb(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MB;
}

describe("a run that told 50 MB", () => {
  test(
    "S2, S3: is watched once for 200 viewers that come late, in bounded memory",
    async () => {
      const run = counted();
      hub = createEventHub(run, { stallMs: DEADLINE_MS });
      const beforeMb = usedMb();
      const first = new Socket(0);
      hub.show("run", asResponse(first), null);
      await until("the first has been told all", () => first.hasEnded, DEADLINE_MS);
      const toldMb = usedMb() - beforeMb;
      const frozen = Array.from({ length: VIEWERS / 4 }, () => new FrozenSocket());
      for (const socket of frozen) hub.show("run", asResponse(socket), null);
      // Most of them from the start, others from ten places in it.
      const late = Array.from({ length: VIEWERS }, (_, n) => {
        const after = n % 4 > 0 ? 0 : Math.floor((EVENTS * (n % 10)) / 10);
        const socket = new Socket(after);
        hub.show("run", asResponse(socket), after === 0 ? null : parseEventId(idOf(after)));
        return socket;
      });
      const areAt = (n: number): boolean => late.every(({ next }) => next > n);
      await until("they are in the middle of it", () => areAt(EVENTS / 2), DEADLINE_MS);
      const midwayMb = usedMb() - beforeMb;
      await until("all have been told all", () => areAt(LAST), DEADLINE_MS);
      for (const socket of frozen) socket.destroy();
      expect([first, ...late].every(({ isInOrder }) => isInOrder)).toBe(true);
      expect(run.watches).toBe(1);
      process.stderr.write(
        `50 MB told: ${toldMb.toFixed(0)} MB; ${VIEWERS} late viewers: ${midwayMb.toFixed(0)} MB\n`,
      );
      expect(toldMb).toBeLessThan(32);
      // A piece of the log each, at the most, and what was read ahead.
      expect(midwayMb).toBeLessThan(64);
    },
    2 * DEADLINE_MS,
  );
});
