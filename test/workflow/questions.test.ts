// A tool asks a person: what is asked, waited for and answered once, and what the tool and the model make of it.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANSWER_UPDATE } from "../../src/temporal/names.ts";
import { until } from "../support/processes.ts";
import { AT_THE_BAR, answerTo, askingCalls } from "../support/questions.ts";
import { lastAnswers, openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { withTemporalClient } from "../support/temporal-client.ts";

const dir = mkdtempSync(join(tmpdir(), "pawl-asking-"));
const notes = join(dir, "notes");
let bench: RunBench;

beforeAll(async () => {
  writeFileSync(notes, "");
  const workerMain = "test/support/asking-worker.mjs";
  // Long enough for a busy machine, and so short that each run moves to fresh histories.
  const env = { ...PATIENT, NOTES: notes, PAWL_HISTORY_MAX_EVENTS: "20" };
  bench = await openRunBench({ workerMain, env });
}, 180_000);
afterAll(async () => {
  await bench?.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  await bench.world.model.reset();
  writeFileSync(notes, "");
});

const done = { reply: { text: "Done." } };
const seat = (guests: number, more: object = {}) => ({ name: "seat", input: { guests, ...more } });

async function asked(toolCalls: readonly object[], calls = toolCalls.length) {
  await bench.world.model.script([{ reply: { toolCalls } }, done]);
  const runId = await bench.start("Seat us.", { agent: "steward" });
  const pending = await askingCalls(bench.world.client, runId, calls);
  return { runId, pending };
}

const executed = (): number => readFileSync(notes, "utf8").split("\n").length - 1;

/** What the model was told, and whether it was an error. */
async function told(runId: string): Promise<readonly { text: string; isError: boolean }[]> {
  const { requests } = await bench.ended(runId);
  const last = requests.at(-1);
  return last === undefined ? [] : lastAnswers(last).answered;
}

describe("a tool that asks", () => {
  it("O4: waits, shows what it asks, and is executed once with the answer", async () => {
    const { runId, pending } = await asked([seat(2)]);
    const [call] = pending;
    const { client } = bench.world;
    expect(await client.question(runId, call.callId)).toMatchObject({
      runId,
      tool: "seat",
      round: 1,
      preview: "Where shall the 2 sit?",
      questions: [
        {
          id: "place",
          schema: { type: "object", properties: { row: { type: "integer", maximum: 9 } } },
        },
      ],
    });
    expect(await client.show(runId)).toMatchObject({
      status: "waiting",
      waiting: { reason: "question" },
    });
    await until("it is listed", async () => {
      const all = await client.questions({ tenant: "test" });
      return all.some((listed) => listed.runId === runId && listed.callId === call.callId);
    });
    expect(executed()).toBe(0);
    expect(await client.answer(runId, answerTo(call))).toMatchObject({
      tool: "seat",
      by: "tester",
      actions: { place: "accept" },
    });
    expect(await told(runId)).toEqual([
      {
        id: expect.anything(),
        text: '{"guests":2,"place":"bar","row":2,"sure":"not asked"}',
        isError: false,
      },
    ]);
    expect(executed()).toBe(1);
    const types = (await bench.events(runId)).map(({ type }) => type);
    expect(types.filter((type) => /^(tool|question|run.(waiting|continued))/.test(type))).toEqual([
      ...["tool.started", "question.asked", "run.waiting"],
      ...["question.answered", "run.continued", "tool.finished"],
      // In a fresh history.
      "run.continued",
    ]);
    expect(bench.logged(runId, "question_answered")).toHaveLength(1);
  }, 120_000);

  it("O2 and O3: takes one answer, to the round that waits, and only what fits", async () => {
    const { runId, pending } = await asked([seat(3, { isSure: false })]);
    const [call] = pending;
    const { client } = bench.world;
    const misfit = { place: { action: "accept", content: { place: "roof", row: 1 } } } as const;
    const refused = (given: Parameters<typeof client.answer>[1], code: string) =>
      expect(client.answer(runId, given)).rejects.toMatchObject({ code });
    await refused(answerTo(call, misfit), "ANSWER_INVALID");
    await refused(answerTo(call, {}), "ANSWER_INVALID");
    await refused(answerTo(call, AT_THE_BAR, { round: 2 }), "QUESTION_NOT_FOUND");
    await refused(answerTo({ ...call, callId: "1.2" }), "QUESTION_NOT_FOUND");
    // Whoever may use Temporal may send anything.
    const direct = withTemporalClient(bench.world.temporal, (temporal) =>
      temporal.workflow
        .getHandle(runId)
        .executeUpdate(ANSWER_UPDATE, { args: [answerTo(call, misfit)] }),
    );
    await expect(direct).rejects.toMatchObject({ cause: { type: "ANSWER_INVALID" } });
    const taken = await client.answer(runId, answerTo(call));
    const again = { round: 2 };
    const [second] = await until("it asks again", async () => {
      const calls = await askingCalls(client, runId);
      return calls[0].round === again.round && calls;
    });
    expect(second).toMatchObject({ preview: "Sure?", callId: call.callId });
    // The very same is answered as before; another is late.
    expect(await client.answer(runId, answerTo(call))).toEqual(taken);
    await refused(answerTo(call, AT_THE_BAR, { by: "somebody else" }), "QUESTION_ANSWERED");
    await client.answer(runId, answerTo(second, { sure: { action: "decline" } }));
    expect(await told(runId)).toMatchObject([
      { text: expect.stringContaining('"sure":"decline"') },
    ]);
    expect(executed()).toBe(1);
    await refused(answerTo(second, { sure: { action: "accept" } }), "RUN_ENDED");
  }, 120_000);

  it("does nothing where the person declines, and the model is told", async () => {
    const { runId, pending } = await asked([seat(4), seat(5)]);
    const { client } = bench.world;
    const [first, second] = pending;
    await client.answer(runId, answerTo(second!));
    await client.answer(runId, answerTo(first, { place: { action: "decline" } }));
    const answers = await told(runId);
    expect(answers).toMatchObject([
      { isError: true, text: expect.stringContaining("declined; seat did nothing") },
      { isError: false, text: expect.stringContaining('"guests":5') },
    ]);
    expect(executed()).toBe(1);
  }, 120_000);

  it("asks ten times at most, and a cancel takes the question back", async () => {
    const { runId, pending } = await asked([{ name: "odd", input: {} }]);
    const { client } = bench.world;
    let [call] = pending;
    for (let round = 1; round <= 10; round += 1) {
      const answers = { [`q${round - 1}`]: { action: "accept" } } as const;
      await client.answer(runId, answerTo({ ...call, round }, answers));
      if (round === 10) break;
      [call] = await until(`round ${round + 1}`, async () => {
        const calls = await askingCalls(client, runId);
        return calls[0].round === round + 1 && calls;
      });
    }
    expect(await told(runId)).toMatchObject([{ text: expect.stringContaining("10 times") }]);
    const other = await asked([seat(6)]);
    await client.cancel(other.runId);
    expect((await bench.ended(other.runId)).result.outcome.kind).toBe("cancelled");
    expect(executed()).toBe(0);
  }, 180_000);
});

it("O3: silence until the deadline is `cancel`, and a later answer is refused", async () => {
  const hasty = await bench.world.startWorker({ PAWL_APPROVAL_TIMEOUT_MS: "1500" });
  await bench.worker.kill();
  await bench.world.model.script([{ reply: { toolCalls: [seat(7)] } }, { hold: true, ...done }]);
  const runId = await bench.start("Seat us.", { agent: "steward" });
  await until("the tool was told", async () => {
    const seen = await bench.world.model.requests();
    return seen.filter(({ runKey }) => runKey === runId).length === 2;
  });
  const late = { callId: "1.1", round: 1, answers: AT_THE_BAR, by: "tester" };
  await expect(bench.world.client.answer(runId, late)).rejects.toMatchObject({
    code: "QUESTION_EXPIRED",
  });
  await bench.world.model.release();
  expect(await told(runId)).toMatchObject([{ text: expect.stringContaining("did not answer") }]);
  expect(executed()).toBe(0);
  await hasty.kill();
}, 120_000);
