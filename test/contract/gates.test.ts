// The gate before a model, whichever worker asks. Time passes by the clock of the database, so tests put
// its moments into the past.

import { describe, expect, test } from "@jest/globals";
import { createCapacity } from "../../src/store/capacity.ts";
import { createGates, type GateAnswer, type Heard } from "../../src/store/gates.ts";
import { onEachDatabase } from "../support/each-database.ts";

const FAILURES_MAX = 3;
const WINDOW_MS = 3000;
const LEASE_MS = 20_000;
const BOUNDS = { requests: 1, input: 1000, output: 1000 };

onEachDatabase((underTest) => {
  const gateOf = (key: string) => {
    const { db } = underTest();
    const gates = createGates(db);
    return {
      ask: (callId: string): Promise<GateAnswer> =>
        gates.ask({ key, callId, leaseMs: LEASE_MS, runId: callId, tenant: "t", bounds: BOUNDS }),
      tell: (callId: string, heard: Heard, retryAfterMs = 0) =>
        gates.tell({ key, callId, heard, retryAfterMs, failuresMax: FAILURES_MAX }),
      /** It may be billed. */
      costs: (callId: string) =>
        gates.tell({ key, callId, heard: "outage", mayCost: true, failuresMax: 50 }),
      refuses: (callId: string) =>
        gates.tell({ key, callId, heard: "limited", firstWaitMs: 1000, failuresMax: 50 }),
      async fail(times: number): Promise<void> {
        for (let n = 0; n < times; n += 1) await this.tell(`failing-${n}`, "outage");
      },
      /** As if all that is waited for had come. */
      async later(): Promise<void> {
        await db`update pawl.gate set next_probe_at = clock_timestamp(),
          blocked_until = clock_timestamp(), let_out_at = let_out_at - interval '1 hour' where key = ${key}`;
      },
    };
  };
  const PASS = { kind: "pass", watched: true };
  const PROBE = { ...PASS, isProbe: true };
  const untilProbe = async (key: string): Promise<number> => {
    const { db } = underTest();
    const [row] = await db<{ ms: number }>`select
      (extract(epoch from next_probe_at - clock_timestamp()) * 1000)::integer as ms
      from pawl.gate where key = ${key}`;
    return row?.ms ?? 0;
  };
  const forMs = (answer: GateAnswer): number => (answer.kind === "wait" ? answer.forMs : 0);
  const waits = (why: string) => expect.objectContaining({ kind: "wait", why });

  describe("C1: a run of outages", () => {
    test("a model that was never in trouble takes all calls and wants to hear nothing", async () => {
      expect(await gateOf("calm").ask("a")).toEqual({ kind: "pass", watched: false });
    });

    test("opens the circuit, and only one without an answer between", async () => {
      const gate = gateOf("run");
      await gate.fail(FAILURES_MAX - 1);
      expect(await gate.ask("a")).toEqual(PASS);
      await gate.tell("a", "answered");
      await gate.fail(FAILURES_MAX - 1);
      expect(await gate.ask("b")).toEqual(PASS);
      expect(await gate.tell("b", "outage")).toBe("opened");
      const answer = await gate.ask("c");
      expect(answer).toEqual(waits("down"));
      expect(answer).toMatchObject({ forMs: expect.any(Number), downSince: expect.any(String) });
      if (answer.kind === "wait") expect(answer.forMs).toBeLessThanOrEqual(WINDOW_MS);
    });

    test("lets one probe of all who ask at once through a window", async () => {
      const gate = gateOf("probe");
      await gate.fail(FAILURES_MAX);
      await gate.later();
      const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => gate.ask(`w${n}`)));
      expect(answers.filter(({ kind }) => kind === "pass")).toHaveLength(1);
      for (const answer of answers) {
        if (answer.kind === "wait") expect(answer.forMs).toBeLessThanOrEqual(WINDOW_MS);
      }
      const probe = `w${answers.findIndex(({ kind }) => kind === "pass")}`;
      expect(await gate.ask(probe)).toEqual(PROBE);
      await gate.tell(probe, "outage");
      expect(await gate.ask("next")).toEqual(waits("down"));
    });

    test("closes when the probe is answered, and by nobody else's answer", async () => {
      const gate = gateOf("close");
      await gate.fail(FAILURES_MAX);
      await gate.later();
      expect(await gate.ask("probe")).toEqual(PROBE);
      expect(await gate.tell("old", "answered")).toBeNull();
      expect(await gate.ask("other")).toEqual(waits("down"));
      expect(await gate.tell("probe", "answered")).toBe("closed");
      expect(await gate.ask("other")).toEqual({ kind: "pass", watched: false });
    });

    test("a probe whose worker died holds nobody up for longer than its lease", async () => {
      const gate = gateOf("lease");
      await gate.fail(FAILURES_MAX);
      await gate.later();
      expect(await gate.ask("dies")).toEqual(PROBE);
      expect(await gate.ask("b")).toEqual(waits("down"));
      await gate.later();
      expect(await gate.ask("b")).toEqual(PROBE);
      expect(await gate.tell("dies", "outage")).toBeNull();
      expect(await gate.tell("b", "answered")).toBe("closed");
    });

    test("a probe that was given up makes room for the next at once", async () => {
      const gate = gateOf("given-up");
      await gate.fail(FAILURES_MAX);
      await gate.later();
      expect(await gate.ask("a")).toEqual(PROBE);
      await gate.tell("a", "nothing");
      expect(await gate.ask("b")).toEqual(PROBE);
    });

    test("is longer between probes where the outage lasts", async () => {
      const gate = gateOf("long");
      await gate.fail(FAILURES_MAX);
      await underTest().db`update pawl.gate set down_since = down_since - interval '10 minutes',
        next_probe_at = clock_timestamp() where key = 'long'`;
      expect(await gate.ask("a")).toEqual(PROBE);
      await gate.tell("a", "outage");
      const answer = await gate.ask("b");
      if (answer.kind !== "wait") throw new Error("the circuit is closed");
      expect(answer.forMs).toBeGreaterThan(25_000);
      expect(answer.forMs).toBeLessThanOrEqual(31_000);
    });
  });

  describe("C2: a rate limit", () => {
    test("lets nothing out before its time, the longest of those named", async () => {
      const gate = gateOf("limited");
      await gate.tell("a", "limited", 60_000);
      await gate.tell("b", "limited", 1000);
      const answer = await gate.ask("c");
      if (answer.kind !== "wait") throw new Error("the limit was forgotten");
      expect(answer).toMatchObject({ why: "rate_limited" });
      expect(answer.forMs).toBeGreaterThan(50_000);
    });

    test("lets calls out one by one behind it, and two more for each answer", async () => {
      const gate = gateOf("slow-start");
      await gate.tell("a", "limited", 60_000);
      await gate.later();
      const outOf = async (asking: string): Promise<number> => {
        const all = Array.from({ length: 10 }, (_, n) => gate.ask(`${asking}${n}`));
        return (await Promise.all(all)).filter(({ kind }) => kind === "pass").length;
      };
      expect(await outOf("first")).toBe(1);
      await gate.tell("first", "answered");
      expect(await outOf("second")).toBe(2);
      for (let n = 0; n < 20; n += 1) await gate.tell(`more${n}`, "answered");
      expect(await outOf("all")).toBe(10);
      expect(await gate.ask("any")).toEqual({ kind: "pass", watched: false });
    });

    test("a call let out whose worker died holds nobody up for longer than its lease", async () => {
      const gate = gateOf("lost");
      await gate.tell("a", "limited", 60_000);
      await gate.later();
      expect(await gate.ask("dies")).toEqual(PASS);
      expect(await gate.ask("b")).toEqual(waits("rate_limited"));
      await gate.later();
      expect(await gate.ask("b")).toEqual(PASS);
    });

    test("is no outage: a probe that meets one closes the circuit", async () => {
      const gate = gateOf("both");
      await gate.fail(FAILURES_MAX);
      await gate.later();
      expect(await gate.ask("probe")).toEqual(PROBE);
      expect(await gate.tell("probe", "limited", 60_000)).toBe("closed");
      expect(await gate.ask("b")).toEqual(waits("rate_limited"));
    });
  });

  describe("C1: failures that may be billed", () => {
    test("open the circuit at the third, over the fleet", async () => {
      const gate = gateOf("costly");
      expect(await gate.costs("a")).toBeNull();
      expect(await gate.costs("b")).toBeNull();
      expect(await gate.ask("c")).toEqual(PASS);
      expect(await gate.costs("c")).toBe("opened");
      expect(await gate.ask("d")).toEqual(waits("down"));
    });

    test("are in a row until a reply comes whole: that one began says nothing", async () => {
      const gate = gateOf("begun");
      for (const callId of ["a", "b"]) {
        await gate.tell(callId, "answered");
        await gate.costs(callId);
      }
      await gate.tell("c", "answered");
      expect(await gate.costs("c")).toBe("opened");
      const other = gateOf("ended");
      await other.costs("a");
      await other.costs("b");
      await other.tell("c", "answered");
      await other.tell("c", "completed");
      expect(await other.costs("d")).toBeNull();
      expect(await other.ask("e")).toEqual(PASS);
    });

    test("a probe that begins to answer opens nothing before its end", async () => {
      const gate = gateOf("half");
      for (const callId of ["a", "b", "c"]) await gate.costs(callId);
      await gate.later();
      expect(await gate.ask("probe")).toEqual(PROBE);
      expect(await gate.tell("probe", "answered")).toBeNull();
      expect(await gate.ask("other")).toEqual(waits("down"));
      expect(await gate.tell("probe", "completed")).toBe("closed");
      expect(await gate.ask("other")).toEqual({ kind: "pass", watched: false });
    });

    test("wait twice as long with each probe, so that a day of them is no day's budget", async () => {
      const gate = gateOf("dear");
      for (const callId of ["a", "b", "c"]) await gate.costs(callId);
      const windows: number[] = [];
      for (let n = 0; n < 14; n += 1) {
        await gate.later();
        await gate.ask(`probe${n}`);
        await gate.costs(`probe${n}`);
        windows.push(await untilProbe("dear"));
      }
      for (const [n, ms] of windows.entries()) {
        const whole = Math.min(3_600_000, WINDOW_MS * 2 ** n);
        expect(ms).toBeLessThanOrEqual(whole);
        expect(ms).toBeGreaterThan(whole - 3000);
      }
    });
  });

  describe("C2: refusals that name no time", () => {
    test("wait twice as long each round, a minute at most, and start anew after an answer", async () => {
      const gate = gateOf("unnamed");
      const rounds: number[] = [];
      for (let n = 0; n < 9; n += 1) {
        // Those who went out together are one round.
        for (const callId of ["a", "b", "c"]) await gate.refuses(callId);
        rounds.push(forMs(await gate.ask("next")));
        await gate.later();
      }
      for (const [n, ms] of rounds.entries()) {
        const whole = Math.min(60_000, 1000 * 2 ** n);
        expect(ms).toBeLessThanOrEqual(whole);
        expect(ms).toBeGreaterThan(whole - 900);
      }
      await gate.tell("next", "answered");
      await gate.refuses("again");
      expect(forMs(await gate.ask("next"))).toBeLessThanOrEqual(1000);
    });

    test("are told once for the fleet when they have lasted for minutes", async () => {
      const gate = gateOf("lasting");
      const { db } = underTest();
      expect(await gate.refuses("a")).toBeNull();
      await db`update pawl.gate set limited_since = limited_since - interval '3 minutes' where key = 'lasting'`;
      expect(await gate.refuses("b")).toBe("refusing");
      expect(await gate.refuses("c")).toBeNull();
      const answer = await gate.ask("d");
      expect(answer).toMatchObject({ why: "rate_limited", limitedSince: expect.any(String) });
      await gate.later();
      await gate.tell("d", "answered");
      await gate.refuses("e");
      await db`update pawl.gate set limited_since = limited_since - interval '3 minutes' where key = 'lasting'`;
      expect(await gate.refuses("f")).toBe("refusing");
    });

    test("a time that is named closes a model for an hour at most, whoever sends it here", async () => {
      const gate = gateOf("epoch");
      await gate.tell("a", "limited", 1_795_643_993_000);
      expect(forMs(await gate.ask("b"))).toBeLessThanOrEqual(3_600_000);
    });
  });

  describe("an operator", () => {
    const capacity = () => createCapacity(underTest().db);

    test("sees which models are closed, why and until when, and lifts one of them", async () => {
      await gateOf("anthropic/ops-down").fail(FAILURES_MAX);
      await gateOf("anthropic/ops/limited").tell("a", "limited", 60_000);
      const shown = async () =>
        (await capacity().closed()).filter(({ key }) => key.startsWith("anthropic/ops"));
      expect(await shown()).toMatchObject([
        { key: "anthropic/ops-down", why: "down", since: expect.any(String), times: FAILURES_MAX },
        { key: "anthropic/ops/limited", why: "rate_limited", until: expect.any(String), times: 1 },
      ]);
      expect(await capacity().lift("ops")).toEqual([]);
      expect(await capacity().lift("ops/limited")).toEqual(["anthropic/ops/limited"]);
      expect(await gateOf("anthropic/ops/limited").ask("b")).toEqual({
        kind: "pass",
        watched: false,
      });
      expect(await shown()).toMatchObject([{ key: "anthropic/ops-down" }]);
      expect(await capacity().lift("anthropic/ops-down")).toEqual(["anthropic/ops-down"]);
      expect(await shown()).toEqual([]);
    });

    test("lifts all of them at once", async () => {
      await gateOf("anthropic/all-a").fail(FAILURES_MAX);
      await gateOf("offline/all-b").tell("a", "limited", 60_000);
      expect(await capacity().lift(null)).toEqual(
        expect.arrayContaining(["anthropic/all-a", "offline/all-b"]),
      );
      expect(await capacity().closed()).toEqual([]);
    });
  });

  test("C1: one model's trouble is not another's", async () => {
    await gateOf("one").fail(FAILURES_MAX);
    expect(await gateOf("one").ask("a")).toEqual(waits("down"));
    expect(await gateOf("two").ask("a")).toEqual({ kind: "pass", watched: false });
  });
});
