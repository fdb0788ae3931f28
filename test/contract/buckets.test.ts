// The buckets behind a model's gate. Whole afternoons of calls go by in a time of their own
// (test/support/metered-provider.ts); where the clock is the database's, its moments are put into the past.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Amounts, RateLimits } from "../../src/domain/rate-limits.ts";
import { createGates, type GateAnswer, type GateWord } from "../../src/store/gates.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { serveAll, shareOf, type PlannedCall, type Served } from "../support/metered-provider.ts";
import { propertyRuns } from "../support/tier.ts";

const numRuns = propertyRuns(10, 4);
const timeoutMs = 90_000 + numRuns * 4000;

const LIMITS = { requests: 60, input: 60_000, output: 60_000 };
const TENANTS = ["ant", "bee", "cat"];

const arrivals = fc.array(
  fc.record({
    tenant: fc.constantFrom(...TENANTS),
    afterMs: fc.nat({ max: 1500 }),
    input: fc.integer({ min: 1, max: 40_000 }),
    output: fc.integer({ min: 1, max: 8000 }),
  }),
  { minLength: 5, maxLength: 40, size: "max" },
);

const providers = fc.record({
  limits: fc.record({
    requests: fc.integer({ min: 5, max: 300 }),
    input: fc.integer({ min: 5000, max: 400_000 }),
    output: fc.integer({ min: 5000, max: 80_000 }),
  }),
  filled: fc.constantFrom(0, 0.05, 0.3, 1),
  uses: fc.constantFrom(0.2, 1).map((share) => (drawn: Amounts) => shareOf(drawn, share)),
});

onEachDatabase((underTest) => {
  let worlds = 0;
  const serve = (
    calls: readonly PlannedCall[],
    provider: Partial<Parameters<typeof serveAll>[1]> = {},
  ): Promise<readonly Served[]> => {
    const whole = { limits: LIMITS, filled: 0.1, uses: (drawn: Amounts) => drawn, ...provider };
    return serveAll(underTest().db, whole, { key: `world-${(worlds += 1)}`, calls });
  };
  const every = (ms: number, count: number, call: Partial<PlannedCall>): PlannedCall[] =>
    Array.from({ length: count }, (_, n) => ({
      tenant: "ant",
      atMs: n * ms,
      input: 100,
      output: 100,
      ...call,
    }));
  const waitsOf = (served: readonly Served[], of: string): number[] =>
    served.filter(({ tenant }) => tenant === of).map(({ waitedMs }) => waitedMs);

  test(
    "C3: whatever comes, the provider never finds too little left, and every call goes out in time",
    async () => {
      await fc.assert(
        fc.asyncProperty(providers, arrivals, async (provider, comes) => {
          let atMs = 0;
          const calls = comes.map(({ afterMs, ...call }) => ({ ...call, atMs: (atMs += afterMs) }));
          const served = await serve(calls, provider);
          expect(served).toHaveLength(calls.length);
          const { requests, input, output } = provider.limits;
          const minutes = calls.reduce(
            (sum, call) => sum + Math.max(1 / requests, call.input / input, call.output / output),
            1,
          );
          for (const { waitedMs } of served)
            expect(waitedMs).toBeLessThan(minutes * 60_000 + 20_000);
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );

  describe("C4: turns", () => {
    test("a tenant of few calls waits for none of one that wants ten times as much", async () => {
      const served = await serve(
        [...every(150, 200, { tenant: "greedy" }), ...every(5000, 12, { tenant: "modest" })],
        { filled: 0.2 },
      );
      expect(Math.max(...waitsOf(served, "modest"))).toBeLessThanOrEqual(300);
      expect(Math.max(...waitsOf(served, "greedy"))).toBeGreaterThan(60_000);
    });

    test("tenants that all want more than there is get the same", async () => {
      const [ant, bee, cat] = TENANTS.map((tenant) => ({ tenant }));
      const served = await serve([
        ...every(50, 70, { ...ant }),
        ...every(100, 40, { ...bee }),
        ...every(200, 30, { ...cat }),
      ]);
      const firstMinute = served.filter(({ atMs, waitedMs }) => atMs + waitedMs < 60_000);
      for (const tenant of TENANTS) {
        const count = firstMinute.filter((call) => call.tenant === tenant).length;
        expect(count).toBeGreaterThanOrEqual(firstMinute.length / 3 - 2);
        expect(count).toBeLessThanOrEqual(firstMinute.length / 3 + 2);
      }
    });

    test("a tenant that is alone gets all there is, first come first served", async () => {
      const served = await serve(every(100, 150, {}));
      const lastMs = Math.max(...served.map(({ atMs, waitedMs }) => atMs + waitedMs));
      // 60 a minute, 6 of them there at first and left for others from then on.
      expect(lastMs).toBeLessThan(150_000 * 1.1);
      const order = served.map(({ atMs }) => atMs);
      const places = order.toSorted((a, b) => a - b).map((atMs, n) => order.indexOf(atMs) - n);
      expect(Math.max(...places.map(Math.abs))).toBeLessThanOrEqual(8);
    });

    test("who waits is seldom told to come in vain", async () => {
      const served = await serve(every(100, 150, {}));
      const waited = served.filter(({ waitedMs }) => waitedMs > 0);
      const asks = waited.reduce((sum, call) => sum + call.asks, 0);
      expect(waited.length).toBeGreaterThan(100);
      expect(asks / waited.length).toBeLessThan(7);
    });

    test("calls that use far less than they may are let out by what they use", async () => {
      const big = { input: 30_000, output: 4096 };
      const served = await serve(every(500, 100, big), {
        limits: { ...LIMITS, requests: 600 },
        uses: (_, bounds) => shareOf(bounds, 0.1),
      });
      const lastMs = Math.max(...served.map(({ atMs, waitedMs }) => atMs + waitedMs));
      // At what they may use it were 50 minutes.
      expect(lastMs).toBeLessThan(8 * 60_000);
    });
  });

  describe("by the clock of the database", () => {
    const gateOf = (key: string) => {
      const gates = createGates(underTest().db);
      const word = { key, callId: "c", retryAfterMs: 0, failuresMax: 5 };
      return {
        ask: (runId: string, tenant = "ant"): Promise<GateAnswer> =>
          gates.ask({
            key,
            callId: `${runId}/1`,
            leaseMs: 20_000,
            runId,
            tenant,
            bounds: { requests: 1, input: 1000, output: 1000 },
          }),
        tell: (rest: Partial<GateWord>) => gates.tell({ ...word, heard: "answered", ...rest }),
      };
    };
    const left = (remaining: number, limit = 100): RateLimits => ({
      requests: { limit, remaining },
    });
    const tight = (remaining: number, limit = 100) => ({
      limits: left(remaining, limit),
      isTight: true,
    });
    const kinds = (answers: readonly GateAnswer[]) =>
      answers.filter(({ kind }) => kind === "pass").length;

    test("nobody keeps count until little is left of a limit", async () => {
      const gate = gateOf("calm");
      expect(await gate.ask("a")).toEqual({ kind: "pass", watched: false });
      await gate.tell({ limits: left(80) });
      expect(await gate.ask("a")).toEqual({ kind: "pass", watched: false });
      await gate.tell(tight(40));
      expect(await gate.ask("a")).toEqual({ kind: "pass", watched: false, drawn: { requests: 1 } });
      await underTest()
        .db`update pawl.gate set metered_until = clock_timestamp() where key = 'calm'`;
      expect(await gate.ask("a")).toEqual({ kind: "pass", watched: false });
    });

    test("C3: of all who ask at once so many go out as there is room for", async () => {
      const gate = gateOf("at-once");
      await gate.tell(tight(5, 60));
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => gate.ask(`run-${n}`, `tenant-${n}`)),
      );
      expect(kinds(answers)).toBeLessThanOrEqual(6);
      expect(kinds(answers)).toBeGreaterThan(0);
      for (const answer of answers) {
        if (answer.kind === "pass") continue;
        expect(answer).toMatchObject({ why: "busy" });
        expect(answer.forMs).toBeGreaterThanOrEqual(200);
        expect(answer.forMs).toBeLessThanOrEqual(15_000);
      }
    });

    test("C3: what the provider says is left is believed where it is less, and never where it is more", async () => {
      const gate = gateOf("believed");
      await gate.tell(tight(30));
      await gate.tell({ ...tight(2), heard: "counted" });
      const levels = async () =>
        await underTest().db<{ level: number }>`
          select level from pawl.gate_bucket where key = 'believed'`;
      expect((await levels())[0]?.level).toBeCloseTo(2, 0);
      await gate.tell({ ...tight(90), heard: "counted" });
      expect((await levels())[0]?.level).toBeLessThan(10);
    });

    test("C3: what a worker drew that died is back within a minute", async () => {
      const gate = gateOf("dead");
      await gate.tell(tight(2));
      const drawing = Array.from({ length: 4 }, (_, n) => gate.ask(`dies-${n}`, `t${n}`));
      expect(kinds(await Promise.all(drawing))).toBeLessThanOrEqual(3);
      await underTest()
        .db`update pawl.gate_bucket set at = at - interval '1 minute' where key = 'dead'`;
      expect(await gate.ask("next")).toMatchObject({ kind: "pass" });
    });

    test("C4: who does not come back when its time has come loses its place", async () => {
      const gate = gateOf("absent");
      await gate.tell(tight(0, 600));
      expect(await gate.ask("away", "ant")).toMatchObject({ kind: "wait" });
      await underTest().db`update pawl.gate_bucket set level = 1.2 where key = 'absent'`;
      await underTest()
        .db`update pawl.gate_line set since = since - interval '1 minute' where key = 'absent'`;
      expect(await gate.ask("here", "bee")).toMatchObject({ kind: "wait" });
      await underTest()
        .db`update pawl.gate_line set due_at = due_at - interval '1 minute' where run_id = 'away'`;
      expect(await gate.ask("here", "bee")).toMatchObject({ kind: "pass" });
    });

    test("a refusal gives back the tokens that were set aside", async () => {
      const gate = gateOf("refused");
      await gate.tell({ limits: { input: { limit: 10_000, remaining: 3000 } }, isTight: true });
      const answer = await gate.ask("a");
      if (answer.kind !== "pass" || answer.drawn === undefined)
        throw new Error("nothing was drawn");
      const level = async () =>
        (
          await underTest().db<{ level: number }>`
          select level from pawl.gate_bucket where key = 'refused'`
        )[0]?.level ?? 0;
      expect(await level()).toBeLessThan(2700);
      const bounds = { requests: 1, input: 1000, output: 1000 };
      await gate.tell({
        heard: "counted",
        drawn: answer.drawn,
        used: { input: 0, output: 0 },
        bounds,
      });
      expect(await level()).toBeGreaterThan(2990);
    });

    test("a worker of an older build, which says nothing of its needs, is let out", async () => {
      await gateOf("older").tell(tight(0));
      const ask = { key: "older", callId: "a", leaseMs: 20_000 };
      const rows = await underTest().db`select pawl.ask_gate(${{ json: ask }}) as answer`;
      expect(rows).toEqual([{ answer: { kind: "pass", watched: false } }]);
    });
  });
});
