// People who interfere: Ctrl-C, pause and resume, and a run that no worker serves.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { pawlIn } from "../support/cli.ts";
import { startPawl, type CliProcess } from "../support/cli-process.ts";
import { openRunLine, readRunLines } from "../support/contract.ts";
import { until } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

let world: World;

beforeAll(async () => {
  // Replies on hold are silent for as long as a test wants.
  const patient = { PAWL_FIRST_BYTE_TIMEOUT_MS: "60000", PAWL_CALL_TIMEOUT_MS: "120000" };
  world = await openWorld({ env: patient });
});
afterEach(async () => await world.model.reset());
afterAll(async () => await world?.close());

async function runIdSaidBy(run: CliProcess): Promise<string> {
  return await until("its id is said", () => {
    return /run_[\w-]{36}/.exec(run.stdout() + run.stderr())?.[0] ?? false;
  });
}

async function statusOf(runId: string): Promise<string> {
  const { stdout } = await pawlIn(world, ["show", runId, "--json"]);
  return openRunLine.safeParse(JSON.parse(stdout)).data?.status ?? "ended";
}

const heldReply = (text: string): readonly object[] => [{ hold: true, reply: { text } }];

async function releaseWhenAsked(): Promise<void> {
  await until("the model was asked", async () => (await world.model.requests()).length > 0);
  await world.model.release();
}

test("without a worker a run waits and says so; it goes on when one starts", async () => {
  const queue = { PAWL_TASK_QUEUE: "not-served-yet" };
  const run = startPawl(["run", "What is 8 * 8?"], { ...world.env, ...queue });
  await run.said("No worker polls for runs; the run waits until one starts: pawl worker");
  expect(await statusOf(await runIdSaidBy(run))).toBe("running");
  const worker = await world.startWorker(queue);
  expect(await run.ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("64") });
  await worker.stop();
});

test("a run whose worker has just gone says that nobody takes it, and waits", async () => {
  const run = startPawl(["run", "What is 7 * 8?"], world.env);
  // Which of the two it says depends on how long Temporal remembers the poller.
  await run.said("No worker ");
  const worker = await world.startWorker();
  expect(await run.ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("56") });
  await worker.stop();
});

describe("with a worker", () => {
  beforeAll(async () => void (await world.startWorker()));

  test("the first Ctrl-C detaches: exit 7, how to attach, and the run goes on", async () => {
    await world.model.script(heldReply("The answer."));
    const run = startPawl(["run", "Take your time."], world.env);
    const runId = await runIdSaidBy(run);
    run.signal("SIGINT");
    const left = await run.ended;
    expect(left).toMatchObject({ exitCode: 7, stdout: "" });
    expect(left.stderr).toContain(`pawl attach ${runId}`);
    expect(await statusOf(runId)).toBe("running");
    await releaseWhenAsked();
    const attached = await pawlIn(world, ["attach", runId]);
    expect(attached).toMatchObject({ exitCode: 0, stdout: "The answer.\n" });
  });

  test("a second Ctrl-C cancels: exit 5, and the model's connection is closed", async () => {
    await world.model.script(heldReply("never heard"));
    const run = startPawl(["run", "Take your time.", "--json"], world.env);
    await until("the model was asked", async () => (await world.model.requests()).length > 0);
    run.signal("SIGINT");
    await run.said("Ctrl-C again now cancels it.");
    run.signal("SIGINT");
    const left = await run.ended;
    expect(left.exitCode).toBe(5);
    expect(readRunLines(left.stdout).result.outcome.kind).toBe("cancelled");
  });

  test("a viewer that is killed takes nothing with it", async () => {
    await world.model.script(heldReply("Still here."));
    const run = startPawl(["run", "Take your time."], world.env);
    const runId = await runIdSaidBy(run);
    run.signal("SIGKILL");
    await run.ended;
    await releaseWhenAsked();
    expect(await pawlIn(world, ["attach", runId])).toMatchObject({ stdout: "Still here.\n" });
  });

  test("pause stops before the next model call, resume goes on", async () => {
    await world.model.script([
      { hold: true, reply: { toolCalls: [{ name: "calculator", input: { expression: "6*7" } }] } },
      { reply: { text: "It is 42." } },
    ]);
    const run = startPawl(["run", "What is 6 times 7?", "--json"], world.env);
    await until("the model was asked", async () => (await world.model.requests()).length > 0);
    const runId = await runIdSaidBy(run);
    const paused = await pawlIn(world, ["pause", runId]);
    expect(paused).toMatchObject({ exitCode: 0, stdout: "" });
    await world.model.release();
    await until("it is paused", async () => (await statusOf(runId)) === "paused");
    expect((await world.model.requests()).length).toBe(1);
    const listed = await until("the list knows", async () => {
      const { stdout } = await pawlIn(world, ["ls", "--status", "paused"]);
      return stdout.includes(runId) && stdout;
    });
    expect(listed).toContain("paused");
    expect(await pawlIn(world, ["resume", runId])).toMatchObject({ exitCode: 0 });
    const { result } = readRunLines((await run.ended).stdout);
    expect(result).toMatchObject({ answer: "It is 42.", modelCalls: 2, toolCalls: 1 });
  });

  test("at a provider's spend limit --on-limit pause parks the run, and resume ends the wait", async () => {
    await world.model.faults([{ kind: "spend_limit" }]);
    const run = startPawl(["run", "What is 4 * 4?", "--on-limit", "pause", "--json"], world.env);
    await run.said("run.waiting");
    const runId = await runIdSaidBy(run);
    const shown = openRunLine.parse(
      JSON.parse((await pawlIn(world, ["show", runId, "--json"])).stdout),
    );
    expect(shown).toMatchObject({ status: "waiting", waiting: { reason: "provider" } });
    await pawlIn(world, ["resume", runId]);
    const { exitCode, stdout } = await run.ended;
    expect(exitCode).toBe(0);
    const { events } = readRunLines(stdout);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["run.waiting", "run.continued", "run.ended"]),
    );
  });

  test("--timeout ends a run that takes too long: exit 3, with what there is", async () => {
    await world.model.script(heldReply("too late"));
    const run = await pawlIn(world, ["run", "Take your time.", "--timeout", "2s", "--json"]);
    expect(run.exitCode).toBe(3);
    expect(readRunLines(run.stdout).result.outcome).toMatchObject({ limit: "wall_clock" });
  });
});
