// A second attempt at a call whose first may still be at work: what it waits for, and what ends the wait. The
// ledger says how it stands with the first one.

import { describe, expect, test } from "@jest/globals";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import type { Alive, CallSoFar, Ledger } from "../../../../src/store/ledger.ts";
import type { StopWish } from "../../../../src/store/stops.ts";
import { openCallScene, type CallScene } from "../../../support/call-scene.ts";
import { until } from "../../../support/processes.ts";

const ALIVE: Alive = { kind: "alive", attempt: 1, leaseEndsInMs: 20 };
const OPEN: CallSoFar = { kind: "open", crashTaxMicroUsd: 700, attempts: 1 };

/** What the ledger answers to the second attempt, one after the other; the last again and again. */
function sceneWith(answers: readonly CallSoFar[]): CallScene {
  let asked = 0;
  const resumeCall = async (): Promise<CallSoFar> => {
    asked += 1;
    return answers[Math.min(asked, answers.length) - 1] ?? OPEN;
  };
  return openCallScene({ ledger: (): Partial<Ledger> => ({ resumeCall }) });
}

/** The reply of a first attempt, as the ledger has it. */
async function journaled(): Promise<CallSoFar> {
  const { attempt, ledger } = openCallScene();
  await makeCall(attempt(1));
  return await ledger.resumeCall({ ...idOf(2), leaseId: null });
}

const idOf = (attempt: number) => ({
  holdId: `run_1/x/7/${attempt}`,
  callKey: "run_1/x/7",
  runId: "run_1",
  attempt,
});

describe("M7: while the first attempt lives", () => {
  test("the second asks nothing of the provider, and adopts the reply", async () => {
    const { attempt, steps } = sceneWith([ALIVE, ALIVE, await journaled()]);
    expect(await makeCall(attempt(2))).toMatchObject({ kind: "replied", attempt: 1 });
    expect(steps).toEqual(["resume", "resume", "resume"]);
  });

  test("it buys once the lease has run out, and no later than that", async () => {
    const { attempt, steps } = sceneWith([ALIVE, OPEN]);
    const startedAtMs = performance.now();
    const reply = await makeCall(attempt(2));
    expect(performance.now() - startedAtMs).toBeLessThan(400);
    expect(reply).toMatchObject({ kind: "replied", attempt: 2 });
    expect(steps).toEqual(["resume", "resume", "gate", "hold", "send", "settle"]);
  });

  test("it is told so also where the first comes to its hold only after the second has asked", async () => {
    const reply = await journaled();
    let starts = 0;
    const scene = openCallScene({
      ledger: (real) => ({
        resumeCall: async () => (starts === 0 ? OPEN : reply),
        startAttempt: async (request) =>
          (starts += 1) === 1 ? ALIVE : await real.startAttempt(request),
      }),
    });
    expect(await makeCall(scene.attempt(2))).toMatchObject({ kind: "replied", attempt: 1 });
    expect(scene.steps).toEqual(["resume", "gate", "hold", "resume"]);
  });

  test("one in this very process is waited for without asking", async () => {
    const { attempt, steps } = sceneWith([await journaled()]);
    const at = attempt(2);
    const end = at.deps.running.add(attempt(1).attempt, () => undefined);
    const making = makeCall(at);
    await new Promise((resolve) => setImmediate(resolve));
    expect(steps).toEqual([]);
    end();
    expect(await making).toMatchObject({ kind: "replied", attempt: 1 });
  });
});

describe("a stop of the run", () => {
  const stopped = (scene: CallScene) => {
    const stop = new AbortController();
    const wishes: StopWish[] = [];
    const at = scene.attempt(2, stop.signal);
    const stops = { ...at.deps.stops, ask: async (wish: StopWish) => void wishes.push(wish) };
    return { stop, wishes, at: { ...at, deps: { ...at.deps, stops } } };
  };

  test("ends the wait at once, and reaches the first attempt wherever it is", async () => {
    const scene = sceneWith([{ ...ALIVE, leaseEndsInMs: 60_000 }]);
    const { stop, wishes, at } = stopped(scene);
    const making = makeCall(at);
    await until("it has asked", () => scene.steps.length > 0);
    stop.abort(new Error("cancelled"));
    await expect(making).rejects.toThrow("CANCELLED");
    expect(wishes).toEqual([{ executionId: "x", scheduledUntilMs: 0 }]);
  });

  test("brings home what an attempt in this process has heard", async () => {
    const scene = sceneWith([await journaled()]);
    const { stop, at } = stopped(scene);
    let end = (): void => undefined;
    end = at.deps.running.add(scene.attempt(1).attempt, () => end());
    const making = makeCall(at);
    stop.abort(new Error("cancelled"));
    expect(await making).toMatchObject({ kind: "replied", attempt: 1 });
  });
});
