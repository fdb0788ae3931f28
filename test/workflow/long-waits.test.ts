// A run may wait for months: it looks again and again, and its history must not grow with its patience (D1).

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { HistoryEvent } from "../../src/temporal/payloads.ts";
import { MEMOS, SIGNALS } from "../../src/temporal/names.ts";
import { historiesIn } from "../support/decided-history.ts";
import { until } from "../support/processes.ts";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { withTemporalClient } from "../support/temporal-client.ts";
import { isAtLeast } from "../support/tier.ts";

const LOOKS = isAtLeast("nightly") ? 2000 : isAtLeast("full") ? 200 : 30;
const EVENTS_MAX = isAtLeast("nightly") ? 1900 : 100;
/** A move comes behind the step that passed the mark. */
const A_LOOK_EVENTS_MAX = 16;
const TIMEOUT_MS = 60_000 + LOOKS * 1000;

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, PAWL_HISTORY_MAX_EVENTS: String(EVENTS_MAX) } });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(async () => {
  await bench.world.model.reset();
  await bench.world.model.script([{ reply: { text: "Done." } }]);
});

const histories = async (runId: string): Promise<readonly (readonly HistoryEvent[])[]> =>
  historiesIn((await bench.world.client.exportHistories(runId)).histories);

function expectShort(all: readonly (readonly HistoryEvent[])[]): void {
  const longest = Math.max(...all.map((events) => events.length));
  expect(longest).toBeLessThan(EVENTS_MAX + A_LOOK_EVENTS_MAX);
}

describe("R5: a run that waits for money moves to fresh histories", () => {
  it(
    "while it is parked at a cap, and is answered when the cap is raised",
    async () => {
      const { client, temporal } = bench.world;
      // Of a day's cap all looks before midnight would name the same hour for the next one.
      const payer = { tenant: "patient", session: "long" } as const;
      const cap = { scope: "session", ...payer } as const;
      await client.setBudget(cap, { microUsd: 100 });
      const runId = await bench.start("Work.", { ...payer, onLimit: "pause" });
      await withTemporalClient(temporal, async (raw) => {
        const handle = raw.workflow.getHandle(runId);
        let shown = "";
        for (let look = 0; look < LOOKS; look += 1) {
          shown = await until(`look ${look} is over`, async () => {
            const { memo } = await handle.describe();
            const wait = JSON.stringify(memo?.[MEMOS.waiting] ?? null);
            return wait !== "null" && wait !== shown && wait;
          });
          await handle.signal(SIGNALS.lookAgain);
        }
      });
      expect(await client.show(runId)).toMatchObject({ kind: "open", status: "waiting" });
      await client.raiseBudget({ name: cap, addedMicroUsd: 1_000_000 });
      const { result } = await bench.ended(runId);
      expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
      const all = await histories(runId);
      expect(all.length).toBeGreaterThan(2);
      expectShort(all);
      expect(all.flat().length / LOOKS).toBeLessThan(A_LOOK_EVENTS_MAX);
    },
    TIMEOUT_MS,
  );

  it("while other runs hold what it needs, is shown as waiting, and goes on when they are done", async () => {
    const { client, db, model } = bench.world;
    const day = { scope: "tenant_day", tenant: "crowded" } as const;
    await client.setBudget(day, { microUsd: 1_000_000 });
    await model.script([
      { reply: { text: "Long." }, hold: true },
      { times: 2, reply: { text: "Done." } },
    ]);
    const first = await bench.start("Hold it.", { tenant: "crowded" });
    await until("its reply is on hold", async () =>
      (await model.requests()).some(({ state }) => state === "held"),
    );
    // The hold of the first is all that there is.
    const budgets = await client.budgets({ tenant: "crowded" });
    const held = budgets.find(({ scope }) => scope === day.scope)?.heldMicroUsd ?? 0;
    await client.setBudget(day, { microUsd: held + 500 });
    const second = await bench.start("Wait for it.", { tenant: "crowded" });
    await until(
      "the second waits, and has looked a few times",
      async () => {
        const shown = await client.show(second);
        const isWaiting = shown.kind === "open" && shown.status === "waiting";
        return isWaiting && (await histories(second)).flat().length > 40;
      },
      90_000,
    );
    await model.release();
    expect((await bench.ended(first)).result.outcome.kind).toBe("answered");
    expect((await bench.ended(second)).result.outcome.kind).toBe("answered");
    expectShort(await histories(second));
    const [record]: readonly { cap?: string }[] = await db`
      select cap_micro_usd::text as cap from pawl.run_record where run_id = ${second}`;
    expect(Number(record?.cap)).toBe(1_000_000);
  }, 180_000);
});
