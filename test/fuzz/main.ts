// `npm run abuse -- --minutes 20 [--seed N]`: random abuse over the gateway, the CLI and Temporal's own door at
// once, on servers of its own. Nothing may crash, show a stack trace, answer 5xx, wedge or grow. Exit 1 where
// something did, with what, and the seed by which it is found again.

import { parseArgs } from "node:util";
import { COLLECT, COLLECTED_AFTER_MS, COLLECTING } from "../../bench/collected-memory.ts";
import { withTemporalClient } from "../support/temporal-client.ts";
import { keyFor, startGateway } from "../support/gateway-process.ts";
import { startPostgres } from "../support/postgres.ts";
import { startTemporalWorld } from "../support/temporal.ts";
import { openWorld, type World } from "../support/world.ts";
import { abuseCli } from "./cli-abuse.ts";
import { openComplaints, watchMemory, type Complaints, type Watched } from "./complaints.ts";
import { abuseHttp } from "./http-abuse.ts";
import { diceOf, type Dice } from "./odd-values.ts";
import { abuseTemporal, endAll, endOldest } from "./temporal-abuse.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const SAMPLE_EVERY_MS = 15_000;
const END_OLDEST_EVERY_MS = 10_000;
const TASK_QUEUE = "pawl";
/** A cache that is full at once: what grows then is none. */
const FULL_CACHE = { PAWL_TRANSCRIPT_CACHE_MB: "1" };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function abuse(world: World, minutes: number, seed: number): Promise<Complaints> {
  const complaints = openComplaints();
  const worker = await world.startWorker({ ...COLLECTING, ...FULL_CACHE });
  const gateway = await startGateway(world, { env: COLLECTING });
  const watched: readonly Watched[] = [
    { name: "worker", process: worker },
    { name: "gateway", process: gateway.process },
  ];
  const isEnding = new AbortController();
  for (const { name, process: one } of watched) {
    const told = async (): Promise<void> => {
      const code = await one.ended;
      if (!isEnding.signal.aborted) complaints.add(`${name} ended with ${code}`);
    };
    void told();
  }
  const keys = [
    await keyFor(world, "acme", "admin"),
    await keyFor(world, "acme", "runs:read"),
    await keyFor(world, "other", "runs:read", "runs:write", "approvals:decide"),
    await keyFor(world, "ops", "metrics"),
  ];
  const runIds = await someRuns(world);
  const { address, namespace } = world.temporal;
  const memory = watchMemory(watched);
  const sampling = setInterval(() => {
    for (const { process: one } of watched) one.signal(COLLECT);
    setTimeout(() => memory.sample(), COLLECTED_AFTER_MS);
  }, SAMPLE_EVERY_MS);
  await withTemporalClient({ address, namespace }, async (client) => {
    const deadline = Date.now() + minutes * 60_000;
    const temporal = { client, taskQueue: TASK_QUEUE, runIds, complaints };
    const http = { gateway, keys, runIds, complaints };
    const cli = { env: world.env, runIds, complaints };
    const counts = await Promise.all([
      ...[1, 2, 3, 4].map((n) =>
        repeat(deadline, diceOf(seed + n), (dice) => abuseHttp(dice, http)),
      ),
      repeat(deadline, diceOf(seed + 5), (dice) => abuseCli(dice, cli)),
      repeat(deadline, diceOf(seed + 6), (dice) => abuseTemporal(dice, temporal)),
      repeat(deadline, diceOf(seed + 7), async () => {
        await endOldest(temporal);
        await new Promise((resolve) => setTimeout(resolve, END_OLDEST_EVERY_MS));
      }),
    ]);
    say(`done: ${counts.join(", ")} times (4 × HTTP, CLI, Temporal, ending of the oldest runs)`);
    clearInterval(sampling);
    for (const line of memory.judge(complaints)) say(line);
    say(await endAll(temporal));
  });
  await stillServes(world, complaints);
  for (const { name, process: one } of watched)
    complaints.look(`log of ${name}`, one.lines.join("\n"));
  for (const line of gateway.process.lines.filter((text) => text.includes('"INTERNAL"'))) {
    complaints.add(`the gateway's log: ${line.slice(0, 500)}`);
  }
  isEnding.abort();
  await gateway.process.stop();
  return complaints;
}

async function repeat(
  deadline: number,
  dice: Dice,
  act: (dice: Dice) => Promise<void>,
): Promise<number> {
  let times = 0;
  for (; Date.now() < deadline; times += 1) await act(dice);
  return times;
}

/** Some that end, and some that wait for a person. */
async function someRuns(world: World): Promise<readonly string[]> {
  const runIds: string[] = [];
  const tasks = ["What is 6 * 7?", 'Write "hello" to the file notes.txt.'];
  for (let n = 0; n < 10; n += 1) {
    const task = tasks[n % tasks.length] ?? "";
    const order = { task, tenant: n < 8 ? "acme" : "other", session: "s" };
    runIds.push((await world.client.start(order)).runId);
  }
  return runIds;
}

/** After all of it a run is begun and answered as ever. */
async function stillServes(world: World, complaints: Complaints): Promise<void> {
  await world.model.reset();
  const order = { task: "What is 7 * 8?", tenant: "after", session: "s" };
  const { runId } = await world.client.start(order);
  const { outcome, answer } = await world.client.result(runId, AbortSignal.timeout(60_000));
  if (outcome.kind !== "answered")
    complaints.add(`afterwards: ${JSON.stringify({ outcome, answer })}`);
}

const seed = Number(values.seed);
say(`seed ${seed}, ${values.minutes} minutes`);
const [temporal, database] = await Promise.all([startTemporalWorld(), startPostgres()]);
let found: readonly string[] = [];
try {
  const world = await openWorld({ temporal, database });
  try {
    found = (await abuse(world, Number(values.minutes), seed)).list();
  } finally {
    await world.close();
  }
} finally {
  await Promise.all([temporal.close(), database.stop()]);
}
for (const line of found) say(line);
say(found.length === 0 ? "nothing was found" : `${found.length} kinds of complaint; seed ${seed}`);
process.exitCode = found.length === 0 ? 0 : 1;
