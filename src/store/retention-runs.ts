// Runs that are over, and batches of them. That a run is over its record says; where it has none (terminated from
// outside, its worker gone) Temporal is asked, and one that waits for months is left as it is.

import { isOver, type RetentionPass } from "./retention-pass.ts";

const RUNS_AT_ONCE = 200;
const RUNS_LOOKED_AT = 5000;

interface EndedRun {
  readonly runId: string;
  readonly endedAt: string;
}

export async function forgetEndedRuns(pass: RetentionPass): Promise<void> {
  let last: EndedRun | undefined = { runId: "", endedAt: "-infinity" };
  while (last !== undefined) {
    const { endedAt, runId }: EndedRun = last;
    const ended: readonly EndedRun[] = await pass.db<EndedRun>`
      select run_id as "runId", ended_at::text as "endedAt"
      from pawl.runs_ended(${pass.before}, ${endedAt}, ${runId}, ${RUNS_AT_ONCE})`;
    await forgetRuns(
      pass,
      ended.map((run) => run.runId),
    );
    last = ended.at(-1);
  }
}

interface Page {
  /** Null behind the last. */
  readonly next: string | null;
  readonly runs: readonly string[];
}

export async function forgetRunsWithoutRecord(pass: RetentionPass): Promise<void> {
  const { db, day } = pass;
  await forgetWhere(
    pass,
    (after) => db<Page>`
    select next, to_jsonb(runs) as runs from pawl.runs_unrecorded(${day}, ${after}, ${RUNS_LOOKED_AT})`,
  );
  await forgetWhere(
    pass,
    (after) => db<Page>`
    select next, to_jsonb(runs) as runs from pawl.runs_of_bodies_alone(${after}, ${RUNS_LOOKED_AT})`,
  );
}

async function forgetWhere(
  pass: RetentionPass,
  pageAfter: (runId: string) => Promise<readonly Page[]>,
): Promise<void> {
  let after: string | null = "";
  while (after !== null) {
    const page: Page | null = await pass.once(() => pageAfter(after ?? ""));
    const over: string[] = [];
    for (const runId of page?.runs ?? []) if (await isOver(pass, runId)) over.push(runId);
    for (let at = 0; at < over.length; at += RUNS_AT_ONCE) {
      await forgetRuns(pass, over.slice(at, at + RUNS_AT_ONCE));
    }
    after = page?.next ?? null;
  }
}

async function forgetRuns(pass: RetentionPass, runs: readonly string[]): Promise<void> {
  if (runs.length === 0) return;
  const { db, rowsMax } = pass;
  await pass.drain("bodies", () => db`select pawl.forget_bodies(${runs}, ${rowsMax}) as gone`);
  const row = await pass.once(() => db<{ gone: number }>`select pawl.forget_runs(${runs}) as gone`);
  pass.count("runs", row?.gone ?? 0);
}

interface OldBatch {
  readonly batchId: string;
  readonly startedAtMs: number;
  /** JSON. */
  readonly result: string | null;
}

export async function forgetBatches(pass: RetentionPass): Promise<void> {
  const { db, before, day, rowsMax } = pass;
  const old = await db<OldBatch>`
    select batch_id as "batchId", (extract(epoch from started_at) * 1000)::bigint as "startedAtMs", result
    from pawl.batch where started_at < ${before}`;
  for (const batch of old) {
    if (!(await isBatchOver(pass, batch))) continue;
    await pass.drain(
      "batches",
      () => db`
      select pawl.forget_batch(${batch.batchId}, ${rowsMax}) as gone`,
    );
  }
  await pass.drain("items", () => db`select pawl.forget_stray_items(${day}, ${rowsMax}) as gone`);
}

async function isBatchOver(pass: RetentionPass, { batchId, startedAtMs, result }: OldBatch) {
  if (result === null) return await isOver(pass, batchId);
  const ended: unknown = JSON.parse(result);
  const durationMs =
    typeof ended === "object" && ended !== null && "durationMs" in ended
      ? Number(ended.durationMs)
      : 0;
  return startedAtMs + durationMs < Date.parse(pass.before);
}
