// The day on which a test takes place. Only `Date` is told; timers run on. Undone by `jest.useRealTimers()`.

import { jest } from "@jest/globals";

export function todayIs(day: string): void {
  jest.useFakeTimers({
    now: Date.parse(day),
    doNotFake: [
      ...(["hrtime", "nextTick", "performance", "queueMicrotask"] as const),
      ...(["setImmediate", "clearImmediate"] as const),
      ...(["setInterval", "clearInterval", "setTimeout", "clearTimeout"] as const),
    ],
  });
}
