// Where a command finds its backend: the one that is named, the local stack, or none.

import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopStack } from "../../src/dev/ensure-stack.ts";
import { liveStack } from "../../src/dev/stack-state.ts";
import { packageFile } from "../../src/package-root.ts";
import { runPawl, startCommand, startPawl } from "../support/cli-process.ts";
import { errorLine, readRunLines } from "../support/contract.ts";
import { until } from "../support/processes.ts";
import { startRecordingApi } from "../support/recording-api.ts";
import { startTemporalWorld } from "../support/temporal.ts";
import { slowTest } from "../support/tier.ts";

jest.setTimeout(180_000);

const { PATH, HOME, XDG_CACHE_HOME, TMPDIR } = process.env;
let stateDir: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "pawl-cli-"));
  env = { PATH, HOME, XDG_CACHE_HOME, TMPDIR, PAWL_STATE_DIR: stateDir };
});
afterEach(async () => {
  await stopStack(stateDir);
  rmSync(stateDir, { recursive: true, force: true });
});

describe("npx pawl, the first time in a clone,", () => {
  test("touches nothing of what others run from", async () => {
    const built = packageFile("dist/src/cli/main.js");
    const before = statSync(built).mtimeMs;
    const shown = await startCommand("npx", ["pawl", "--version"], {
      ...env,
      npm_config_cache: join(stateDir, "npm"),
    }).ended;
    expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+/) });
    expect(statSync(built).mtimeMs).toBe(before);
  });
});

describe("the local stack", () => {
  slowTest(
    "is started by npm start, outlives it, serves the next command, and ends by pawl stop",
    async () => {
      const task =
        "What is the population of Earth, and how many people is that per km² of land? The land area is 148,940,000 km².";
      const run = await startCommand("npm", ["start", "--silent", "--", task], env).ended;
      expect(run.exitCode).toBe(0);
      expect(run.stdout).toContain("54.4");
      expect(run.stderr).toContain("→ web_search");
      expect(run.stderr).toContain("→ calculator");
      expect(run.stderr).toMatch(/\nPage: http:\/\/127\.0\.0\.1:\d+\/#\/runs\/run_/);
      const { pid } = liveStack(stateDir) ?? {};
      expect(pid).toBeDefined();

      const flags = ["What is 2 ** 10?", "--json", "--max-cost", "0.5"];
      const json = await startCommand("npm", ["start", "--silent", "--", ...flags], env).ended;
      const { result, events } = readRunLines(json.stdout);
      expect(result.answer).toContain("1,024");
      expect(events.find(({ type }) => type === "turn.started")).toMatchObject({
        capUsd: 0.5,
        offline: true,
      });
      expect(liveStack(stateDir)?.pid).toBe(pid);

      const listed = await runPawl(["ls"], env);
      expect(listed.stdout.trimEnd().split("\n")).toHaveLength(3);
      const doctor = await runPawl(["doctor"], env);
      expect(doctor.exitCode).toBe(0);
      expect(doctor.stdout).toMatch(/✓ worker: /);
      expect(doctor.stdout).toMatch(/model: offline/);

      const stopped = await runPawl(["stop"], env);
      expect(stopped).toMatchObject({ exitCode: 0, stderr: "The local stack has ended.\n" });
      expect(liveStack(stateDir)).toBeUndefined();
      expect((await runPawl(["stop"], env)).stderr).toBe("No local stack is running.\n");
    },
  );

  slowTest(
    "with a key and a base URL asks that server, with its key, and starts no offline model",
    async () => {
      const api = await startRecordingApi("Hello from elsewhere.");
      const own = { ...env, ANTHROPIC_API_KEY: "a-key-of-mine", ANTHROPIC_BASE_URL: api.url };
      try {
        const run = await runPawl(["run", "Say hello."], own);
        expect(run).toMatchObject({ exitCode: 0, stdout: "Hello from elsewhere.\n" });
        expect(run.stderr).not.toContain("offline");
        const stack = liveStack(stateDir);
        expect(stack).toMatchObject({ offline: false, modelUrl: null });
        expect(Object.keys(stack?.children ?? {}).toSorted()).toEqual([
          "gateway",
          "postgres",
          "temporal",
          "worker",
        ]);
        expect(api.requests).toHaveLength(1);
        expect(api.requests[0]).toMatchObject({
          path: "/v1/messages",
          headers: {
            authorization: "Bearer a-key-of-mine",
            "anthropic-version": "2026-10-21",
          },
          body: { model: "claude-sonnet-5-5", stream: true, max_tokens: 4096 },
        });
      } finally {
        await api.close();
      }
    },
  );
});

describe("two shells with other settings", () => {
  slowTest(
    "share one stack in peace, and a run that began with a key is answered with a key or waits",
    async () => {
      const api = await startRecordingApi("Hello from elsewhere.");
      api.holdBack();
      const withKey = { ...env, ANTHROPIC_API_KEY: "a-key-of-mine", ANTHROPIC_BASE_URL: api.url };
      try {
        const started = await runPawl(["run", "Say hello.", "--detach"], withKey);
        const runId = started.stdout.split("\n")[0] ?? "";
        await until("the API is asked", () => api.requests.length === 1);
        const pid = liveStack(stateDir)?.pid;

        const reading = [["ls"], ["show", runId], ["say", runId, "Be brief."], ["approvals"]];
        for (const args of reading) {
          const read = await runPawl(args, { ...env, PAWL_LOG_LEVEL: "debug" });
          expect(read.stderr).not.toContain("estarting");
        }
        const toy = await runPawl(["run", "What is 2 + 2?", "--detach"], env);
        expect(toy.stderr).toContain("so the real model answers, for real money");
        await runPawl(["cancel", toy.stdout.split("\n")[0] ?? ""], env);
        expect(liveStack(stateDir)?.pid).toBe(pid);

        expect((await runPawl(["restart"], env)).exitCode).toBe(0);
        expect(liveStack(stateDir)?.pid).not.toBe(pid);
        const waits = await until(
          "the run waits for its provider",
          async () => {
            const shown = (await runPawl(["show", runId], env)).stdout;
            return shown.includes("PROVIDER_DIFFERS") && shown;
          },
          60_000,
        );
        expect(waits).toContain("waiting (worker)");
        expect(waits).not.toContain("offline model: costs are simulated");

        api.letGo();
        await runPawl(["restart"], withKey);
        const attached = await runPawl(["attach", runId], withKey);
        expect(attached).toMatchObject({ exitCode: 0, stdout: "Hello from elsewhere.\n" });
        expect(attached.stderr).not.toContain("offline model:");
      } finally {
        await api.close();
      }
    },
  );
});

describe("with TEMPORAL_ADDRESS set", () => {
  test("nothing is started; a server that is not there is exit 6 within seconds", async () => {
    const away = { ...env, TEMPORAL_ADDRESS: "127.0.0.1:1" };
    const startedAt = Date.now();
    const run = await runPawl(["run", "hi", "--json"], away);
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(run.exitCode).toBe(6);
    expect(errorLine.parse(JSON.parse(run.stdout)).code).toBe("BACKEND_UNREACHABLE");
    expect(run.stderr).toContain("No Temporal server answers at 127.0.0.1:1");
    const others = [["attach", "run_x"], ["ls"], ["show", "run_x"], ["cancel", "run_x"]];
    const ends = await Promise.all(others.map((args) => runPawl(args, away)));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual(others.map(() => 6));
    expect(readdirSync(stateDir)).toEqual([]);
  });

  test("a server that has never seen Pawl lists no runs, and takes the first one before any worker", async () => {
    const temporal = await startTemporalWorld();
    const fresh = { ...env, TEMPORAL_ADDRESS: temporal.address };
    try {
      for (const flags of [[], ["--tenant", "acme"], ["--status", "waiting"]]) {
        const listed = await runPawl(["ls", ...flags], fresh);
        expect(listed).toMatchObject({ exitCode: 0, stdout: "" });
        expect(listed.stderr).toContain('No runs. Start one: pawl run "task"');
      }
      const run = await runPawl(["run", "What is 1 + 2?", "--detach", "--tenant", "acme"], fresh);
      expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^run_/) });
      const watching = startPawl(["attach", run.stdout.trim()], fresh);
      await watching.said("No worker polls for runs");
      watching.signal("SIGINT");
      expect((await watching.ended).exitCode).toBe(7);
      expect(readdirSync(stateDir)).toEqual([]);
    } finally {
      await temporal.close();
    }
  });
});

describe("wrong arguments", () => {
  test.each([
    [["run"], "missing required argument 'task'"],
    [["run", "  "], "The task is empty."],
    [["run", "hi", "--max-cost", "free"], "an amount in dollars above 0"],
    [["run", "hi", "--timeout", "soon"], "a duration looks like 120s"],
    [["run", "hi", "--max-calls", "0"], "a whole number above 0"],
    [["run", "hi", "--tier", "huge"], "Allowed choices are simple, medium, complex"],
    [["run", "hi", "--colour"], "unknown option '--colour'"],
    [["frobnicate"], "unknown command 'frobnicate'"],
  ])("%j are exit 2 with a sentence that says why", async (args, why) => {
    const run = await runPawl(args, { ...env, TEMPORAL_ADDRESS: "127.0.0.1:1" });
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain(why);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("a wrong setting is exit 2 and named", async () => {
    const run = await runPawl(["ls", "--json"], { ...env, PAWL_RUN_CAP_USD: "much" });
    expect(run.exitCode).toBe(2);
    expect(errorLine.parse(JSON.parse(run.stdout)).code).toBe("CONFIG");
    expect(run.stderr).toContain("PAWL_RUN_CAP_USD");
  });
});
