// The gate before a model, whichever worker asks. Time passes by the clock of the database, so tests put
// its moments into the past.

import { describe, expect, test } from "@jest/globals";
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
      expect(await gate.ask(probe)).toEqual(PASS);
      await gate.tell(probe, "outage");
      expect(await gate.ask("next")).toEqual(waits("down"));
    });

    test("closes when the probe is answered, and by nobody else's answer", async () => {
      const gate = gateOf("close");
      await gate.fail(FAILURES_MAX);
      await gate.later();
      expect(await gate.ask("probe")).toEqual(PASS);
      expect(await gate.tell("old", "answered")).toBeNull();
      expect(await gate.ask("other")).toEqual(waits("down"));
      expect(await gate.tell("probe", "answered")).toBe("closed");
      expect(await gate.ask("other")).toEqual({ kind: "pass", watched: false });
    });

    test("a probe whose worker died holds nobody up for longer than its lease", async () => {
      const gate = gateOf("lease");
      await gate.fail(FAILURES_MAX);
      await gate.later();
      expect(await gate.ask("dies")).toEqual(PASS);
      expect(await gate.ask("b")).toEqual(waits("down"));
      await gate.later();
      expect(await gate.ask("b")).toEqual(PASS);
      expect(await gate.tell("dies", "outage")).toBeNull();
      expect(await gate.tell("b", "answered")).toBe("closed");
    });

    test("a probe that was given up makes room for the next at once", async () => {
      const gate = gateOf("given-up");
      await gate.fail(FAILURES_MAX);
      await gate.later();
      expect(await gate.ask("a")).toEqual(PASS);
      await gate.tell("a", "nothing");
      expect(await gate.ask("b")).toEqual(PASS);
    });

    test("is longer between probes where the outage lasts", async () => {
      const gate = gateOf("long");
      await gate.fail(FAILURES_MAX);
      await underTest().db`update pawl.gate set down_since = down_since - interval '10 minutes',
        next_probe_at = clock_timestamp() where key = 'long'`;
      expect(await gate.ask("a")).toEqual(PASS);
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
      expect(await gate.ask("probe")).toEqual(PASS);
      expect(await gate.tell("probe", "limited", 60_000)).toBe("closed");
      expect(await gate.ask("b")).toEqual(waits("rate_limited"));
    });
  });

  test("C1: one model's trouble is not another's", async () => {
    await gateOf("one").fail(FAILURES_MAX);
    expect(await gateOf("one").ask("a")).toEqual(waits("down"));
    expect(await gateOf("two").ask("a")).toEqual({ kind: "pass", watched: false });
  });
});
