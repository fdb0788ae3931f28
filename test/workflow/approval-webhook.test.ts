// The operator's webhook is told of each call that waits; a receiver that fails holds nobody up.

import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import {
  approval,
  denial,
  openFilesFolder,
  waitingCalls,
  writeCall,
} from "../support/approvals.ts";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

interface Received {
  readonly to: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let bench: RunBench;
let receiver: Server;
let received: Received[] = [];
let answers: number[] = [];
const files = openFilesFolder();
const SECRET = "only for this test";

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      received.push({ to: `${request.method} ${request.url}`, headers: request.headers, body });
      const status = answers.shift() ?? 204;
      const isElsewhere = status >= 300 && status < 400;
      response.writeHead(status, isElsewhere ? { location: "/elsewhere" } : {}).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const address = receiver.address();
  const port = typeof address === "object" ? address?.port : undefined;
  bench = await openRunBench({
    env: {
      ...PATIENT,
      PAWL_FILES_DIR: files.dir,
      PAWL_APPROVAL_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
      PAWL_WEBHOOK_SECRET: SECRET,
    },
  });
}, 180_000);
afterAll(async () => {
  await bench?.close();
  await new Promise((resolve) => receiver.close(resolve));
  files.remove();
});
beforeEach(async () => {
  received = [];
  answers = [];
  await bench.world.model.reset();
});

async function asked(...paths: readonly string[]) {
  const toolCalls = paths.map((path) => writeCall(path));
  await bench.world.model.script([{ reply: { toolCalls } }, { reply: { text: "Done." } }]);
  const runId = await bench.start("Go on.");
  return { runId, pending: await waitingCalls(bench.world.client, runId, paths.length) };
}

test("each call that waits is posted once, signed, with all that a person needs to find it", async () => {
  const { runId, pending } = await asked("a.txt", "b.txt");
  await until("both are posted", () => received.length >= 2);
  const bodies = received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  const about = { type: "approval.requested", runId, tenant: "test", agent: "assistant" };
  const known = pending.map((call) => ({ ...about, session: "test", ...call }));
  expect(bodies).toHaveLength(2);
  expect(bodies).toEqual(expect.arrayContaining(known));
  for (const { headers, body } of received) {
    const signedText = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
    const mac = createHmac("sha256", SECRET).update(signedText).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
    expect(headers["content-type"]).toBe("application/json");
  }
  for (const call of pending) await bench.world.client.decide(runId, denial(call));
  await bench.ended(runId);
  expect(received).toHaveLength(2);
}, 120_000);

test("a receiver that fails or points elsewhere is tried again, and nobody else is told", async () => {
  answers = [500, 302, 307, 308];
  const { runId, pending } = await asked(...answers.map((status) => `${status}.txt`));
  await until("all is told at last", () => bench.logged(runId, "approval_notified").length === 4);
  expect(received.map(({ to }) => to)).toEqual(Array.from({ length: 8 }, () => "POST /hook"));
  expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(4);
  for (const call of pending) await bench.world.client.decide(runId, denial(call));
  await bench.ended(runId);
}, 120_000);

test("a receiver that fails for ever holds nobody up, and is left alone once it is decided", async () => {
  answers = Array.from({ length: 100 }, () => 500);
  const { runId, pending } = await asked("a.txt");
  await until("it was tried", () => received.length > 0);
  await bench.world.client.decide(runId, approval(pending[0]));
  const { result } = await bench.ended(runId);
  expect(result.outcome).toEqual({ kind: "answered" });
  expect(files.of(runId)).toEqual(["a.txt"]);
  const { histories } = await bench.world.client.exportHistories(runId);
  expect(JSON.stringify(histories)).toContain("ACTIVITY_TASK_CANCEL_REQUESTED");
}, 120_000);
