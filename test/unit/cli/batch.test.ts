import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { exitCodeOfBatch } from "../../../src/cli/follow-batch.ts";
import type { BatchOrder } from "../../../src/client/batch-order.ts";
import type { BatchShown } from "../../../src/client/batches.ts";
import type { RunClient } from "../../../src/client/run-client.ts";
import { NONE_ENDED, type BatchResult, type ItemResult } from "../../../src/domain/batch.ts";
import { PawlError } from "../../../src/domain/errors.ts";
import { linesOf, pawl } from "../../support/cli.ts";
import { createFakeClient } from "../../support/fake-client.ts";
import { until } from "../../support/processes.ts";

const BATCH_ID = "batch_test";
const COUNTS = { ...NONE_ENDED, answered: 2 };

const RESULT: BatchResult = {
  type: "batch",
  batchId: BATCH_ID,
  outcome: { kind: "finished" },
  items: 2,
  ended: COUNTS,
  notStarted: 0,
  costUsd: 0.0123,
  durationMs: 1500,
};

const UNDER_WAY: BatchShown = {
  ...{ batchId: BATCH_ID, tenant: "t", status: "running", items: 2 },
  ...{ ended: { ...NONE_ENDED, answered: 1 }, capUsd: 1, costUsd: 0.006, result: null },
};
const ENDED: BatchShown = {
  ...UNDER_WAY,
  ...{ status: "ended", ended: COUNTS, costUsd: 0.0123, result: RESULT },
};

const itemResult = (id: string): ItemResult => ({
  ...{ id, runId: `run_${id}`, outcome: { kind: "answered" }, answer: `Answer ${id}` },
  ...{ partial: false, costUsd: 0.006 },
});

interface Fake {
  readonly client: RunClient;
  readonly orders: readonly BatchOrder[];
}

/** Tells one after the other, and the last again and again. */
function fake(steps: readonly (BatchShown | Error)[], created = true): Fake {
  const orders: BatchOrder[] = [];
  let asked = 0;
  const client: RunClient = {
    ...createFakeClient(),
    async startBatch(order) {
      orders.push(order);
      return { batchId: BATCH_ID, link: null, created };
    },
    async batch() {
      const step = steps[Math.min(asked, steps.length - 1)];
      asked += 1;
      if (step === undefined || step instanceof Error) throw step ?? new Error("no steps");
      return step;
    },
    async *batchResults() {
      yield itemResult("a");
      yield itemResult("b");
    },
  };
  return { client, orders };
}

let dir: string;
let file: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-batch-"));
  file = join(dir, "tasks.jsonl");
  writeFileSync(file, '{"id": "a", "task": "add"}\n{"id": "b", "task": "add"}\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("pawl batch", () => {
  test("shows how it goes on, writes one line an item beside the file, and sums up", async () => {
    const { client, orders } = fake([UNDER_WAY, ENDED]);
    const run = await pawl(client, ["batch", file, "--max-cost", "1", "--concurrency", "4"]);
    expect(run.exitCode).toBe(0);
    expect(orders).toMatchObject([{ concurrency: 4, capMicroUsd: 1_000_000, tenant: "local" }]);
    expect(orders[0]?.items.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(run.stderr).toContain("1 of 2 ended · 1 answered · $0.006000 of $1.00\n");
    expect(run.stdout).toBe("2 of 2 ended · 2 answered · $0.0123 of $1.00 · 1.5 s\n");
    const written = readFileSync(join(dir, "tasks.results.jsonl"), "utf8");
    expect(linesOf(written)).toEqual([itemResult("a"), itemResult("b")]);
    expect(readdirSync(dir).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  test("lets no line go further than all of them may, and each no further than it says", async () => {
    const mixed = join(dir, "mixed.jsonl");
    const lines = [{}, { permission: "read" }, { permission: "admin" }];
    writeFileSync(mixed, lines.map((more) => JSON.stringify({ task: "add", ...more })).join("\n"));
    const { client, orders } = fake([ENDED, ENDED]);
    await pawl(client, ["batch", mixed, "--permission", "write"]);
    await pawl(client, ["batch", mixed]);
    const said = orders.map(({ items }) => items.map(({ permission }) => permission));
    expect(said).toEqual([
      ["write", "read", "write"],
      [undefined, "read", "admin"],
    ]);
  });

  test("says of all lines that they can wait, but for those that say it themselves", async () => {
    const waiting = join(dir, "waiting.jsonl");
    writeFileSync(waiting, '{"task": "add"}\n{"task": "add", "canWait": {"forMs": 5}}\n');
    const { client, orders } = fake([ENDED, ENDED]);
    await pawl(client, ["batch", waiting, "--can-wait-for", "2h"]);
    await pawl(client, ["batch", waiting, "--can-wait"]);
    await pawl(client, ["batch", waiting]);
    const waits = orders.map(({ items }) => items.map(({ canWait }) => canWait?.forMs));
    expect(waits).toEqual([
      [7_200_000, 5],
      [null, 5],
      [undefined, 5],
    ]);
  });

  test("tells a program each step once, and the result last", async () => {
    const out = join(dir, "there.jsonl");
    const { client } = fake([UNDER_WAY, UNDER_WAY, ENDED]);
    const run = await pawl(client, ["batch", file, "--json", "--out", out]);
    expect(linesOf(run.stdout)).toEqual([
      expect.objectContaining({ type: "batch.progress", batchId: BATCH_ID, costUsd: 0.006 }),
      expect.objectContaining({ type: "batch.progress", ended: COUNTS }),
      RESULT,
    ]);
    expect(linesOf(readFileSync(out, "utf8"))).toHaveLength(2);
  });

  test("starts nothing where a line is wrong, and names it", async () => {
    const bad = join(dir, "bad.jsonl");
    writeFileSync(bad, '{"task": "add"}\n{"task": ""}\n');
    const { client, orders } = fake([ENDED]);
    const run = await pawl(client, ["batch", bad]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain("Nothing was started: line 2: task must not be empty.");
    const nowhere = await pawl(client, ["batch", join(dir, "nowhere")]);
    expect(nowhere.stderr).toContain("nowhere can't be used: it is not there. Check the path");
    expect((await pawl(client, ["batch", file, "--concurrency", "201"])).stderr).toContain("200");
    expect(orders).toEqual([]);
  });

  const LATIN_1 = Buffer.from('{"task": "Stra\u00dfe"}\n', "latin1");
  const UTF_16 = Buffer.from('\ufeff{"task": "add"}\n', "utf16le");
  const CUT = Buffer.from('{"task": "é"}').subarray(0, -3);
  test.each([
    ["Windows-1252", Buffer.concat([Buffer.from('{"task": "add"}\n'), LATIN_1]), "line 2 is not"],
    ["UTF-16", UTF_16, "line 1 is not UTF-8"],
    ["cut in the middle of a letter", CUT, "line 1 is not UTF-8"],
  ])("starts nothing where the file is %s", async (_, bytes, why) => {
    const bad = join(dir, "bytes.jsonl");
    writeFileSync(bad, bytes);
    const { client, orders } = fake([ENDED]);
    const run = await pawl(client, ["batch", bad]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain(`Nothing was started: ${why}`);
    expect(orders).toEqual([]);
  });

  test.each([
    ["a folder that is not there", () => join(dir, "missing", "x.jsonl"), "it is not there"],
    ["a folder", () => dir, "it is a folder"],
    ["a path through a file", () => join(file, "x.jsonl"), "no folder"],
  ])("starts nothing where the results can't be written: %s", async (_, out, why) => {
    const { client, orders } = fake([ENDED]);
    const run = await pawl(client, ["batch", file, "--out", out()]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain(`${out()} can't be used`);
    expect(run.stderr).toContain(why);
    expect(run.stderr).not.toContain("--help");
    expect(orders).toEqual([]);
  });

  test("says the id, and how to have the results, where they can't be written in the end", async () => {
    const folder = join(dir, "vanishes");
    mkdirSync(folder);
    const { client } = fake([ENDED]);
    const vanishing: RunClient = {
      ...client,
      async batch(id) {
        rmSync(folder, { recursive: true, force: true });
        return await client.batch(id);
      },
    };
    const run = await pawl(vanishing, ["batch", file, "--out", join(folder, "x.jsonl")]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(`pawl attach ${BATCH_ID} --out FILE`);
  });

  test("writes the results for their owner alone", async () => {
    const out = join(dir, "private.jsonl");
    await pawl(fake([ENDED]).client, ["batch", file, "--out", out]);
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });

  test("also where a file was that all could read, and without a write to what a link led to", async () => {
    const out = join(dir, "old.jsonl");
    const link = join(dir, "link.jsonl");
    const target = join(dir, "target");
    for (const path of [out, target]) writeFileSync(path, "as it was", { mode: 0o644 });
    symlinkSync(target, link);
    for (const path of [out, link]) {
      await pawl(fake([ENDED]).client, ["batch", file, "--out", path]);
      expect(readFileSync(path, "utf8")).not.toBe("as it was");
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(target, "utf8")).toBe("as it was");
  });

  test("names what is piped in by its batch", async () => {
    const lines = Buffer.from('{"task": "add"}\n');
    const { client, orders } = fake([ENDED]);
    const run = await pawl(client, ["batch", "-", "--detach"], {}, lines);
    expect(run.stderr).toContain(`pawl attach ${BATCH_ID} --out ${BATCH_ID}.results.jsonl`);
    expect(orders[0]?.items).toMatchObject([{ task: "add" }]);
  });

  test("names what a shell hands over under a number by its batch as well", async () => {
    const fd = openSync(file, "r");
    const run = await pawl(fake([]).client, ["batch", `/dev/fd/${fd}`, "--detach"]);
    closeSync(fd);
    expect(run.stderr).toContain(`pawl attach ${BATCH_ID} --out ${BATCH_ID}.results.jsonl`);
  });

  test("says why items failed", async () => {
    const { client } = fake([ENDED]);
    const outcome = {
      kind: "failed",
      code: "UNKNOWN_AGENT",
      message: "There is no agent x.",
    } as const;
    const failing: RunClient = {
      ...client,
      async *batchResults() {
        for (const id of ["a", "b", "c", "d", "e"]) yield { ...itemResult(id), outcome };
      },
    };
    const run = await pawl(failing, ["batch", file]);
    expect(run.stderr).toContain(
      "failed (UNKNOWN_AGENT): There is no agent x. (a, b, c and others)",
    );
  });

  test("detached it prints the id alone, and how to see the batch again", async () => {
    const run = await pawl(fake([]).client, ["batch", file, "--detach"]);
    expect(run).toMatchObject({ exitCode: 0, stdout: `${BATCH_ID}\n` });
    expect(run.stderr).toContain(
      `pawl attach ${BATCH_ID} --out ${join(dir, "tasks.results.jsonl")}`,
    );
  });

  test("Ctrl-C leaves the batch alone and says how to see it again", async () => {
    const { client } = fake([UNDER_WAY]);
    const listeners = process.listenerCount("SIGINT");
    const out = join(dir, "x.jsonl");
    const run = pawl(client, ["attach", BATCH_ID, "--out", out]);
    await until("it listens", () => process.listenerCount("SIGINT") > listeners);
    process.emit("SIGINT");
    expect(await run).toMatchObject({ exitCode: 7, stdout: "" });
    expect((await run).stderr).toContain(`pawl attach ${BATCH_ID} --out ${out}`);
    expect(process.listenerCount("SIGINT")).toBe(listeners);
  });

  test("Ctrl-C is heard while the backend gives no answer", async () => {
    let asked = false;
    const client: RunClient = {
      ...fake([]).client,
      batch() {
        asked = true;
        return new Promise(() => {});
      },
    };
    const run = pawl(client, ["attach", BATCH_ID]);
    await until("it waits for an answer", () => asked);
    process.emit("SIGINT");
    expect((await run).exitCode).toBe(7);
  });

  test("outlasts a backend that is away, and says so once", async () => {
    const away = new PawlError("LEDGER_UNAVAILABLE", "away");
    const { client } = fake([UNDER_WAY, away, away, ENDED], false);
    const run = await pawl(client, ["batch", file]);
    expect(run.exitCode).toBe(0);
    expect(run.stderr.match(/does not answer/g)).toHaveLength(1);
    expect(run.stderr).toContain("This key has been used before: showing its batch.");
  });

  test("one that was ended from outside is told as such", async () => {
    const run = await pawl(fake([{ ...UNDER_WAY, status: "broken" }]).client, ["attach", BATCH_ID]);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain(
      "1 of 2 ended · 1 answered · $0.006000 of $1.00 · broken from outside",
    );
  });
});

describe("exit codes of a batch", () => {
  const some = (ended: Partial<BatchResult["ended"]>): BatchResult["ended"] => ({
    ...COUNTS,
    ...ended,
  });
  const message = "";
  const codes: readonly (readonly [number, Partial<BatchResult>])[] = [
    [0, {}],
    [1, { ended: some({ failed: 1, stopped: 1 }) }],
    [1, { ended: some({ refused: 1 }) }],
    [1, { ended: some({ cancelled: 1 }) }],
    [3, { ended: some({ stopped: 1 }) }],
    [3, { outcome: { kind: "stopped", limit: "batch", message }, ended: some({ failed: 1 }) }],
    [5, { outcome: { kind: "cancelled", message }, ended: some({ cancelled: 1 }) }],
  ];
  test.each(codes)("are %i for %j", (exitCode, came) => {
    expect(exitCodeOfBatch({ ...RESULT, ...came })).toBe(exitCode);
  });
});

test("pawl show tells how a batch stands, and what it came to", async () => {
  const open = await pawl(fake([UNDER_WAY]).client, ["show", BATCH_ID]);
  expect(open.stdout).toBe(`${BATCH_ID}\n1 of 2 ended · 1 answered · $0.006000 of $1.00\n`);
  const outcome = { kind: "stopped", limit: "batch", message: "no money" } as const;
  const result: BatchResult = { ...RESULT, outcome, notStarted: 1 };
  const stopped = await pawl(fake([{ ...ENDED, result }]).client, ["show", BATCH_ID]);
  expect(stopped.stdout).toContain(
    "· 1 not started · 1.5 s\nstopped at a limit (batch): no money\n",
  );
  const json = await pawl(fake([ENDED]).client, ["show", BATCH_ID, "--json"]);
  expect(JSON.parse(json.stdout)).toEqual(ENDED);
});
