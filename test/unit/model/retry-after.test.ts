// Case 01: one number from outside closes a model for a fleet, so it is bounded whatever it says.

import { describe, expect, test } from "@jest/globals";
import { RETRY_AFTER_MAX_MS, retryAfterIn } from "../../../src/model/retry-after.ts";

const NOW = Date.parse("2026-11-26T09:59:53.000Z");
const afterMs = (headers: Record<string, string>) => retryAfterIn(new Headers(headers), NOW);
const HOUR = RETRY_AFTER_MAX_MS;

describe("a wait that the provider names", () => {
  test.each<[string, Record<string, string>, number | null]>([
    ["seconds", { "retry-after": "30" }, 30_000],
    ["Unix time in seconds", { "retry-after": String(NOW / 1000 + 40) }, 40_000],
    ["Unix time in milliseconds", { "retry-after": String(NOW + 40_000) }, 40_000],
    ["Unix time in the field of milliseconds", { "retry-after-ms": String(NOW + 40_000) }, 40_000],
    ["Unix time that has passed", { "retry-after": String(NOW / 1000 - 5) }, null],
    ["Unix time of tomorrow", { "retry-after": String(NOW / 1000 + 86_400) }, HOUR],
    ["a date", { "retry-after": new Date(NOW + 90_000).toUTCString() }, 90_000],
    ["a date in a year", { "retry-after": "Fri, 26 Nov 2027 10:00:00 GMT" }, HOUR],
    ["a day in seconds", { "retry-after": "86400" }, HOUR],
    ["a number beyond all clocks", { "retry-after": "1e400" }, HOUR],
    ["milliseconds beyond the bound", { "retry-after-ms": "99999999" }, HOUR],
    ["nothing but space", { "retry-after": " " }, null],
    ["a word", { "retry-after": "soon" }, null],
    ["less than nothing", { "retry-after": "-3" }, null],
  ])("%s", (_, headers, expected) => {
    expect(afterMs(headers)).toBe(expected);
  });
});
