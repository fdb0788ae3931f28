import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { listHref, parseRoute, runHref } from "../../../src/gateway/page/route.ts";
import { createSseParser } from "../../../src/gateway/page/sse-parser.ts";
import { createTimeScale } from "../../../src/gateway/page/time-scale.ts";

describe("the stream of events", () => {
  const body =
    'retry: 2500\n\n: beat\n\nid: 0.1\nevent: a\ndata: {"x":1}\n\nid: 0.2\ndata: a\ndata:b\r\n\r\n';
  const messages = [
    { id: "0.1", data: '{"x":1}' },
    { id: "0.2", data: "a\nb" },
  ];

  test("is read the same however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(body.length), { maxLength: 20 }), (cuts) => {
        const parser = createSseParser();
        const at = [0, ...cuts.toSorted((a, b) => a - b), body.length];
        const found = at.slice(1).flatMap((to, index) => parser.push(body.slice(at[index], to)));
        expect(found).toEqual(messages);
        expect(parser.retryMs()).toBe(2500);
      }),
    );
  });

  test("gives nothing of an event that did not end", () => {
    expect(createSseParser().push("id: 1\ndata: half")).toEqual([]);
  });
});

describe("the address of the page", () => {
  test("holds the filters, and gives them again", () => {
    const filters = { status: "ended", outcome: "stopped", agent: "a&b=ü" };
    expect(parseRoute(listHref(filters))).toEqual({ kind: "list", filters });
  });

  test("holds the run", () => {
    expect(parseRoute(runHref("run_a/b"))).toEqual({ kind: "run", runId: "run_a/b" });
  });

  test.each(["", "#", "#/nowhere", "#/runs/", "#/runs/a/b"])("%j is the list", (hash) => {
    expect(parseRoute(hash).kind).toBe("list");
  });
});

describe("the time line", () => {
  test("is linear without waits", () => {
    const scale = createTimeScale({ fromMs: 1000, toMs: 2000 }, []);
    expect([500, 1000, 1250, 2000, 9000].map((ms) => scale.at(ms))).toEqual([0, 0, 0.25, 1, 1]);
  });

  test("gives a wait of a day at most two fifths, and keeps the order", () => {
    const day = 86_400_000;
    const wait = { fromMs: 5000, toMs: 5000 + day };
    const scale = createTimeScale({ fromMs: 0, toMs: day + 10_000 }, [wait, wait]);
    expect(scale.at(wait.toMs) - scale.at(wait.fromMs)).toBeCloseTo(0.4, 2);
    expect(scale.at(5000)).toBeCloseTo(0.3, 2);
  });

  test("never goes back", () => {
    const spans = fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { maxLength: 8 });
    fc.assert(
      fc.property(spans, (pairs) => {
        const waits = pairs.map(([a, b]) => ({ fromMs: Math.min(a, b), toMs: Math.max(a, b) }));
        const scale = createTimeScale({ fromMs: 0, toMs: 1000 }, waits);
        const drawn = Array.from({ length: 101 }, (_, tenth) => scale.at(tenth * 10));
        expect(drawn.every((at, index) => at >= (drawn[index - 1] ?? 0) - 1e-9)).toBe(true);
        expect(drawn.at(-1)).toBeCloseTo(1, 6);
      }),
      { examples: [[[[1000, 0]]]] },
    );
  });
});
