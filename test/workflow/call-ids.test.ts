// Calls are named by us, whatever the provider names them; and what is executed is what was shown, at a terminal, as
// events and over HTTP alike (the page shows the same rows of the same events: test/browser/approvals.test.ts).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { argsDigest } from "../../src/domain/args-digest.ts";
import { shownArguments } from "../../src/domain/shown-arguments.ts";
import type { ApprovalRequested } from "../../src/domain/run-event.ts";
import {
  approval,
  denial,
  openFilesFolder,
  waitingCalls,
  writeCall,
} from "../support/approvals.ts";
import { pawl } from "../support/cli.ts";
import { startGatewayWorld, type GatewayWorld } from "../support/gateway.ts";
import { until } from "../support/processes.ts";
import { openSse } from "../support/sse-viewer.ts";
import { readShown } from "../support/read-shown.ts";
import { lastAnswers, openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";

/** As much as a reply can hold. */
const LARGE: NodeJS.ProcessEnv = {
  PAWL_RUN_CAP_USD: "1000",
  PAWL_TENANT_DAY_CAP_USD: "100000",
  PAWL_AGENT_MAX_TOKENS: "1000000000",
  PAWL_AGENT_MAX_REQUEST_TOKENS: "900000",
  PAWL_AGENT_MAX_REPLY_TOKENS: "128000",
  PAWL_HEARTBEAT_TIMEOUT_MS: "20000",
};

let bench: RunBench;
let gateway: GatewayWorld;
const files = openFilesFolder();

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, ...LARGE, PAWL_FILES_DIR: files.dir } });
  gateway = await startGatewayWorld(bench.world.env);
}, 180_000);
afterAll(async () => {
  await gateway?.kill();
  await bench?.close();
  files.remove();
});
beforeEach(() => bench.world.model.reset());

const named = (id: string, path: string, content?: string) => ({ ...writeCall(path, content), id });
const done = { reply: { text: "Done." } };

async function started(...replies: readonly (readonly object[])[]): Promise<string> {
  const script = replies.map((toolCalls) => ({ reply: { toolCalls } }));
  await bench.world.model.script([...script, done]);
  return await bench.start("Go on.");
}

const contentOf = (runId: string, path: string): string =>
  readFileSync(join(files.dir, "test", runId, path), "utf8");

/** Made ahead: a connection that idles while this is made is closed by then. */
const odd = fc.string({ unit: "binary", minLength: 1, maxLength: 600 });
const CONTENTS = [
  ...fc.sample(odd, 8).map((text) => text.toWellFormed()),
  "echo hello\u009brm;-rf;/home/user\u009c # \u202enoisrevni\u202c \u{e0065}\u{e0076}",
  // What hides is decided on in both places.
  "invoice_\u202efdp.exe\u200b \u{e0065}",
  "⟦U+202E⟧ ⟦ \t⇥ \r\n  \n",
  "語".repeat(100_000),
];

describe("the provider's ids", () => {
  it("repeated in one reply make it a broken stream, and nothing of it is executed", async () => {
    const twins = [named("call_0", "nice.txt", "nice"), named("call_0", "evil.txt", "EVIL")];
    const runId = await started(twins, [named("call_0", "plain.txt")]);
    const [pending] = await waitingCalls(bench.world.client, runId);
    expect(pending).toMatchObject({ callId: "1.1", preview: expect.stringContaining("plain.txt") });
    await bench.world.client.decide(runId, approval(pending));
    const { result } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, modelAttempts: 3 });
    expect(files.of(runId)).toEqual(["plain.txt"]);
    expect(result.crashTaxUsd).toBeGreaterThan(0);
  }, 120_000);

  it("repeated turn after turn are no trouble: each call is asked about, decided and executed", async () => {
    const paths = ["a.txt", "b.txt", "c.txt"];
    const runId = await started(...paths.map((path) => [named("call_0", path)]));
    const callIds: string[] = [];
    for (const [index, path] of paths.entries()) {
      const pending = await until(`${path} waits`, async () => {
        const shown = await bench.world.client.show(runId);
        const waiting = shown.kind === "open" ? shown.approvals[0] : undefined;
        return waiting?.turn === index + 1 && waiting;
      });
      const shown = await bench.world.client.approval(runId, pending.callId);
      expect(shown.input).toMatchObject({ path });
      // The same person with the same words each time: no two of them are one update.
      await bench.world.client.decide(runId, approval(pending));
      callIds.push(pending.callId);
    }
    const { requests } = await bench.ended(runId);
    expect(callIds).toEqual(["1.1", "2.1", "3.1"]);
    expect(files.of(runId)).toEqual(paths);
    // On the wire they are what the provider called them.
    const { asked, answered } = lastAnswers(requests.at(-1)!);
    expect(asked).toEqual(["call_0"]);
    expect(answered).toMatchObject([{ id: "call_0", isError: false }]);
  }, 120_000);

  it("that look like ours, or hide something, name nothing", async () => {
    const runId = await started([named("1.2", "a.txt"), named("1.1\u202e", "b.txt")]);
    const [a, b] = await waitingCalls(bench.world.client, runId, 2);
    expect([a.callId, b?.callId]).toEqual(["1.1", "1.2"]);
    await bench.world.client.decide(runId, approval(a));
    await bench.world.client.decide(runId, denial(b!));
    const { requests } = await bench.ended(runId);
    expect(files.of(runId)).toEqual(["a.txt"]);
    expect(lastAnswers(requests.at(-1)!).answered).toMatchObject([
      { id: "1.2", isError: false },
      { id: "1.1\u202e", isError: true },
    ]);
  }, 120_000);
});

/** At a terminal: what stands between its head and the digest, and a yes. */
async function approvedAtTerminal(runId: string, callId: string): Promise<unknown> {
  const client = { ...bench.world.client, close: async () => undefined };
  const by = { ask: async (question: string) => (question.includes("y/N") ? "y" : "") };
  const { stdout, exitCode } = await pawl(client, ["approve", runId, callId], bench.world.env, by);
  expect(exitCode).toBe(0);
  const rows = stdout.split("\n").flatMap((row) => /^ {4}(.*)$/.exec(row)?.[1] ?? []);
  return readShown(rows.filter((row) => !row.startsWith("sha256 ")));
}

/** Over HTTP: the call is read, and the digest of what was read is sent. */
async function approvedOverHttp(runId: string, callId: string): Promise<unknown> {
  const url = `${gateway.url}/v1/runs/${runId}/approvals/${callId}`;
  const { input } = (await (await fetch(url)).json()) as { input: unknown };
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ verdict: "approve", argsDigest: argsDigest(input) }),
  });
  expect(response.status).toBe(200);
  return readShown(shownArguments("write_file", input));
}

/** As the page and other viewers hear of them. */
async function askedInEvents(runId: string, calls: number): Promise<readonly ApprovalRequested[]> {
  const stream = await openSse(`${gateway.url}/v1/runs/${runId}/events`);
  const asked = () => stream.events.filter(({ type }) => type === "approval.requested");
  await until("all are told", () => asked().length === calls);
  stream.drop();
  return asked() as readonly ApprovalRequested[];
}

describe("what is executed", () => {
  it("is what was shown, for arguments of all of Unicode, as long as a reply can be", async () => {
    const calls = CONTENTS.map((content, n) => writeCall(`${n}.txt`, content));
    const runId = await started(calls);
    const pending = await waitingCalls(bench.world.client, runId, calls.length);
    const told = await askedInEvents(runId, calls.length);
    for (const [n, { callId, argsDigest: digest }] of pending.entries()) {
      const approve = n % 2 === 0 ? approvedAtTerminal : approvedOverHttp;
      const read = await approve(runId, callId);
      expect(read).toEqual({ path: `${n}.txt`, content: CONTENTS[n] });
      expect(argsDigest(read)).toBe(digest);
      expect(told[n]).toMatchObject({ callId, input: read, argsDigest: digest });
    }
    await bench.ended(runId);
    for (const [n, content] of CONTENTS.entries()) {
      expect(contentOf(runId, `${n}.txt`)).toBe(content);
    }
  }, 180_000);
});
