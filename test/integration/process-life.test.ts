// What a process does for its log, and what its log may do to it: nothing. And how it starts where it has too little
// room, and how it ends.

import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { endedWithRightMoney, heldRequest, startRun } from "../support/chaos.ts";
import { startCommand } from "../support/cli-process.ts";
import { ask } from "../support/gateway-process.ts";
import { freePort, startProcess, until, type Process } from "../support/processes.ts";
import { slowTest } from "../support/tier.ts";
import { openSmallDisk } from "../support/small-disk.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

const WORKER = packageFile("dist/src/worker/main.js");
const GATEWAY = packageFile("dist/src/gateway/main.js");
/** A reply that is held must be ended by nobody but the test. */
const PATIENT = {
  PAWL_FIRST_BYTE_TIMEOUT_MS: "120000",
  PAWL_IDLE_TIMEOUT_MS: "120000",
  PAWL_PROGRESS_TIMEOUT_MS: "120000",
  PAWL_CALL_TIMEOUT_MS: "240000",
};

let world: World;
let dir: string;
const started: { kill(): unknown }[] = [];
beforeAll(async () => {
  world = await openWorld({ env: PATIENT });
  dir = fs.mkdtempSync(join(tmpdir(), "pawl-life-"));
});
beforeEach(() => world.model.reset());
afterAll(async () => {
  for (const process of started) await process.kill();
  await world.close();
  fs.rmSync(dir, { recursive: true });
});

function startWorker(env: NodeJS.ProcessEnv): Process {
  const worker = startProcess(process.execPath, [WORKER], { env: { ...world.env, ...env } });
  started.push(worker);
  return worker;
}

async function startGateway(env: NodeJS.ProcessEnv): Promise<{ process: Process; url: string }> {
  const port = await freePort();
  const args = [GATEWAY, "--port", String(port), "--open"];
  const gateway = startProcess(process.execPath, args, { env: { ...world.env, ...env } });
  started.push(gateway);
  const url = `http://127.0.0.1:${port}`;
  const answers = (): Promise<boolean> =>
    ask(url, "GET /health").then(
      () => true,
      () => false,
    );
  await until("the gateway answers", answers);
  return { process: gateway, url };
}

/** A run whose reply is under way until `release`. */
async function heldRun(): Promise<string> {
  await world.model.script([{ reply: { text: "Here." }, times: 3 }]);
  await world.model.faults([{ kind: "hold", afterEvents: 3 }]);
  const runId = await startRun(world);
  await heldRequest(world, runId, 60_000);
  return runId;
}

async function answersForNothingMore(runId: string): Promise<void> {
  const { result, holds } = await endedWithRightMoney(world, runId);
  expect(result.answer).toBe("Here.");
  expect(result.crashTaxUsd).toBe(0);
  expect(holds.map(({ state }) => state)).toEqual(["settled"]);
}

interface Line {
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

const linesIn = (path: string): readonly Line[] =>
  fs
    .readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
const eventsIn = (path: string): readonly string[] =>
  fs.existsSync(path) ? linesIn(path).map(({ event }) => event) : [];

async function stoppedWell(worker: Process): Promise<void> {
  worker.signal("SIGTERM");
  expect(await worker.ended).toBe(0);
}

describe("Y2: a log that can't be written ends no process and no call", () => {
  test("a worker on a disk that is full from the start, and its gateway", async () => {
    const worker = startWorker({ PAWL_LOG_FILE: "/dev/full" });
    const runId = await heldRun();
    await worker.line("Lines of the log /dev/full are lost (the disk is full)");
    await world.model.release();
    await answersForNothingMore(runId);
    const gateway = await startGateway({ PAWL_LOG_FILE: "/dev/full" });
    const health = await ask(gateway.url, "GET /health/deep");
    expect(health.status).toBe(200);
    expect(health.json).toMatchObject({
      status: "degraded",
      checks: {
        log: { status: "failing", detail: expect.stringMatching(/lost since .*disk is full/) },
      },
    });
    expect(worker.lines.join("\n")).not.toMatch(/ENOSPC|^\s+at /m);
    await stoppedWell(gateway.process);
    await stoppedWell(worker);
  });

  const disk = openSmallDisk();
  afterAll(() => disk?.close());
  (disk === null ? test.skip : test)(
    "a worker whose disk fills up in the middle of a reply says what is missing when there is room",
    async () => {
      if (disk === null) return;
      const log = join(disk.dir, "w.log");
      const worker = startWorker({ PAWL_LOG_FILE: log });
      const runId = await heldRun();
      disk.fill();
      await world.model.release();
      await answersForNothingMore(runId);
      for (let n = 0; n < 6; n += 1) {
        await world.client.result(await startRun(world, { task: "x".repeat(2000) }));
      }
      await worker.line("Lines of the log");
      disk.makeRoom();
      await until("the log says it", () => eventsIn(log).includes("log_lost"));
      expect(linesIn(log).find(({ event }) => event === "log_lost")?.message).toMatch(
        /^\d+ lines were lost between .*Z and .*Z$/,
      );
      await stoppedWell(worker);
      expect(eventsIn(log).at(-1)).toBe("worker_ended");
    },
  );

  async function runsWithStderr(child: ChildProcess): Promise<void> {
    started.push(child);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const runId = await heldRun();
    await world.model.release();
    await answersForNothingMore(runId);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  }

  const withStderr = (env: NodeJS.ProcessEnv): ChildProcess =>
    spawn(process.execPath, [WORKER], {
      env: { ...world.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });

  test("a worker whose stderr nobody reads any more, and that ends in its time", async () => {
    const child = withStderr({});
    child.stderr?.destroy();
    await runsWithStderr(child);
  });

  slowTest(
    "a worker whose stderr is read by somebody who sleeps, and that ends in its time",
    async () => {
      const main = join(dir, "talks-first.mjs");
      const worker = JSON.stringify(WORKER);
      // More than a pipe holds.
      fs.writeFileSync(main, `process.stderr.write("x".repeat(200_000)); await import(${worker});`);
      const child = spawn(process.execPath, [main], {
        env: { ...world.env, PAWL_LOG_LEVEL: "trace" },
        stdio: ["ignore", "ignore", "pipe"],
      });
      child.stderr?.pause();
      await runsWithStderr(child);
    },
  );
});

slowTest("Y2: nor does one that may not grow: its user may have no larger file", async () => {
  const log = join(dir, "bounded.log");
  const command = `ulimit -f 1; exec "$0" "$1"`;
  const worker = startProcess("sh", ["-c", command, process.execPath, WORKER], {
    env: { ...world.env, PAWL_LOG_FILE: log, PAWL_LOG_LEVEL: "trace" },
  });
  started.push(worker);
  const runId = await heldRun();
  await world.model.release();
  await answersForNothingMore(runId);
  await worker.line("it is as large as a file of this user may be");
  await stoppedWell(worker);
});

describe("SIGHUP opens the log again and changes nothing else", () => {
  test("in a worker with a reply under way, and in a gateway with a stream", async () => {
    const [workerLog, gatewayLog] = [join(dir, "w.log"), join(dir, "g.log")];
    const worker = startWorker({ PAWL_LOG_FILE: workerLog });
    const gateway = await startGateway({ PAWL_LOG_FILE: gatewayLog });
    const runId = await heldRun();
    const stream = await fetch(`${gateway.url}/v1/runs/${runId}/events`);
    for (const log of [workerLog, gatewayLog]) fs.renameSync(log, `${log}.1`);
    for (const process of [worker, gateway.process]) process.signal("SIGHUP");
    await until("both are there again", () =>
      [workerLog, gatewayLog].every((log) => eventsIn(log).includes("log_reopened")),
    );
    await world.model.release();
    await answersForNothingMore(runId);
    expect(await stream.text()).toContain("run.ended");
    expect(eventsIn(workerLog)).toContain("model_call");
    expect(eventsIn(`${workerLog}.1`)).not.toContain("model_call");
    await stoppedWell(gateway.process);
    await stoppedWell(worker);
    expect(eventsIn(gatewayLog).at(-1)).toBe("gateway_ended");
  });

  slowTest("where there is no file to open, nothing happens", async () => {
    const worker = startWorker({});
    await worker.line("worker_ready");
    worker.signal("SIGHUP");
    const runId = await heldRun();
    worker.signal("SIGHUP");
    await world.model.release();
    await answersForNothingMore(runId);
    await stoppedWell(worker);
  });
});

describe("the grace of a process that is told to end", () => {
  test("is as long as it was told, and what was given up is counted", async () => {
    const worker = startWorker({ PAWL_SHUTDOWN_GRACE_MS: "1500" });
    const runId = await heldRun();
    const toldAtMs = Date.now();
    worker.signal("SIGTERM");
    expect(await worker.ended).toBe(0);
    const tookMs = Date.now() - toldAtMs;
    expect(tookMs).toBeGreaterThanOrEqual(1400);
    expect(tookMs).toBeLessThan(15_000);
    const said = worker.lines.map((line) => JSON.parse(line) as Line);
    expect(said.find(({ event }) => event === "worker_draining")).toMatchObject({ underWay: 1 });
    expect(said.find(({ event }) => event === "worker_ended")).toMatchObject({
      level: "warn",
      givenUp: 1,
      message: expect.stringContaining("gave up 1 call after 1.5 s (PAWL_SHUTDOWN_GRACE_MS)"),
    });
    const next = startWorker({});
    await world.model.release();
    expect((await world.client.result(runId)).answer).toBe("Here.");
    await stoppedWell(next);
    expect(next.lines.join("\n")).toContain('"givenUp":0');
  });

  test("of a gateway is over at last, whoever does not take an answer", async () => {
    const { process: gateway, url } = await startGateway({ PAWL_SHUTDOWN_GRACE_MS: "500" });
    const { port } = new URL(url);
    // Half a request: it is under way until somebody ends it.
    const socket = connect(Number(port), "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(
      "POST /v1/runs HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
    );
    const toldAtMs = Date.now();
    gateway.signal("SIGTERM");
    expect(await gateway.ended).toBe(0);
    expect(Date.now() - toldAtMs).toBeLessThan(5000);
    socket.destroy();
  });
});

describe("a process with too little to start says so in one sentence", () => {
  const mains = { worker: WORKER, gateway: GATEWAY };
  const troubles = [
    {
      what: "64 file handles",
      shell: "ulimit -n 64; exec",
      env: {},
      sentence: /may have 64 files .* \(CONFIG: allow it more/,
    },
    {
      what: "a heap of 40 MB",
      shell: "exec",
      env: { NODE_OPTIONS: "--max-old-space-size=40" },
      sentence: /may grow to 40 MB, and (a .*|Pawl) needs \d+\. \(CONFIG: give it more memory/,
    },
    {
      what: "a log below a file",
      shell: "exec",
      env: { PAWL_LOG_FILE: "/etc/passwd/w.log" },
      sentence:
        /^The log \/etc\/passwd\/w\.log can't be used: .*\. \(FILE_UNUSABLE: .*PAWL_LOG_FILE/,
    },
  ];
  const cases = Object.entries(mains).flatMap(([name, main]) =>
    troubles.map((trouble) => ({ ...trouble, name, main })),
  );
  test.each(cases)("$name: $what", async ({ shell, main, env, sentence }) => {
    const command = `${shell} "$0" "$1"`;
    const args = ["-c", command, process.execPath, main];
    const process_ = startCommand("sh", args, { ...world.env, ...env });
    started.push({ kill: () => process_.signal("SIGKILL") });
    const run = await process_.ended;
    expect(run.stderr).toMatch(sentence);
    expect(run.exitCode).toBe(2);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  const canSwitch = process.getuid?.() === 0 && spawnSync("id", ["-u", "nobody"]).status === 0;
  (canSwitch ? test : test.skip)("a folder that its user may not write", async () => {
    const user = Number(spawnSync("id", ["-u", "nobody"], { encoding: "utf8" }).stdout);
    const place = join(dir, "roots");
    fs.mkdirSync(place, { mode: 0o755 });
    const worker = startProcess(process.execPath, [WORKER], {
      env: { ...world.env, PAWL_LOG_FILE: join(place, "w.log") },
      uid: user,
      gid: user,
    });
    expect(await worker.ended).toBe(2);
    expect(worker.lines).toEqual([
      expect.stringMatching(/w\.log can't be used: permission denied/),
    ]);
  });
});
