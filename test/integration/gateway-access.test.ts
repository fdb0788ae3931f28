// Every route × role × tenant, read from the gateway's own document: a route that is not in the table
// below fails, and so does one whose scopes are not what the table says.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { KEY_SCOPES, type KeyScope } from "../../src/domain/key-scope.ts";
import {
  ask,
  keyFor,
  startGateway,
  type Answer,
  type GatewayProcess,
} from "../support/gateway-process.ts";
import { until } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

const CANARY = "canary-of-acme";
const NO_RUN = "run_00000000000000000000000000000000";
const NO_CALL = "toolu_none";

interface Row {
  readonly path: string;
  /** Any of them is enough; null: for everybody. */
  readonly scopes: readonly KeyScope[] | null;
  /** True where the path names a run. */
  readonly ofRun?: boolean;
  readonly body?: unknown;
  readonly mayBe?: number;
}

const READS: readonly KeyScope[] = ["runs:read"];
const WRITES: readonly KeyScope[] = ["runs:write"];
const DECISION = { verdict: "deny", argsDigest: "0".repeat(64) };

const MATRIX: Readonly<Record<string, Row>> = {
  startRun: { path: "POST /v1/runs", scopes: WRITES, body: { task: "Say hello." } },
  listRuns: { path: "GET /v1/runs", scopes: READS },
  getRun: { path: "GET /v1/runs/{run}", scopes: READS, ofRun: true },
  getResult: { path: "GET /v1/runs/{run}/result", scopes: READS, ofRun: true },
  watchRun: { path: "GET /v1/runs/{run}/events", scopes: READS, ofRun: true },
  pauseRun: { path: "POST /v1/runs/{run}/pause", scopes: WRITES, ofRun: true },
  resumeRun: { path: "POST /v1/runs/{run}/resume", scopes: WRITES, ofRun: true },
  cancelRun: { path: "POST /v1/runs/{run}/cancel", scopes: WRITES, ofRun: true },
  undoRun: { path: "POST /v1/runs/{run}/undo", scopes: WRITES, ofRun: true },
  sayToRun: {
    path: "POST /v1/runs/{run}/messages",
    scopes: WRITES,
    ofRun: true,
    body: { text: "Hello?" },
  },
  listApprovals: { path: "GET /v1/approvals", scopes: ["runs:read", "approvals:decide"] },
  getApproval: {
    path: `GET /v1/runs/{run}/approvals/${NO_CALL}`,
    scopes: ["runs:read", "approvals:decide"],
    ofRun: true,
  },
  decideApproval: {
    path: `POST /v1/runs/{run}/approvals/${NO_CALL}`,
    scopes: ["approvals:decide"],
    ofRun: true,
    body: DECISION,
  },
  listQuestions: { path: "GET /v1/questions", scopes: ["runs:read", "approvals:decide"] },
  getQuestions: {
    path: `GET /v1/runs/{run}/questions/${NO_CALL}`,
    scopes: ["runs:read", "approvals:decide"],
    ofRun: true,
  },
  answerQuestions: {
    path: `POST /v1/runs/{run}/questions/${NO_CALL}`,
    scopes: ["approvals:decide"],
    ofRun: true,
    body: { round: 1, answers: {} },
  },
  getUsage: { path: "GET /v1/usage", scopes: READS },
  getStats: { path: "GET /v1/stats", scopes: READS },
  releaseBudget: {
    path: "POST /v1/budgets/tenant_day/release",
    scopes: ["admin"],
    body: { why: "billed nothing" },
  },
  getHealth: { path: "GET /health", scopes: null },
  getDeepHealth: { path: "GET /health/deep", scopes: KEY_SCOPES },
  getMetrics: { path: "GET /metrics", scopes: ["metrics"] },
};

const b64 = (text: string): string => Buffer.from(text).toString("base64");
const NO_TIME = '{"StartTime":"yesterday","CloseTime":"-","RunID":"x"}';

interface Operation {
  readonly operationId: string;
  readonly security: readonly { readonly key?: readonly string[] }[];
}

let world: World;
let gateway: GatewayProcess;
let ended: string;
const keys: Record<string, string> = {};

async function runOfAcme(): Promise<string> {
  const { json } = await ask(gateway.url, "POST /v1/runs", {
    key: keys["admin"] ?? "",
    body: { task: `What is 6*7? ${CANARY}`, session: CANARY },
  });
  return String(json?.["runId"]);
}

async function call({ path, body }: Row, key: string | undefined, run: string): Promise<Answer> {
  const asking = { ...(key === undefined ? {} : { key }), ...(body === undefined ? {} : { body }) };
  return await ask(gateway.url, path.replace("{run}", run), asking);
}

beforeAll(async () => {
  world = await openWorld();
  await world.startWorker();
  for (const scope of KEY_SCOPES) keys[scope] = await keyFor(world, "acme", scope);
  keys["other"] = await keyFor(world, "other", "admin");
  gateway = await startGateway(world, { door: "keys" });
  ended = await runOfAcme();
  await world.client.result(ended);
  await until("the list knows the run", async () => {
    const { text } = await ask(gateway.url, "GET /v1/runs", { key: keys["admin"] ?? "" });
    return text.includes(CANARY);
  });
}, 240_000);
afterAll(async () => {
  await gateway?.process.stop();
  await world?.close();
}, 60_000);

test("a run that can wait is shown in the batch lane", async () => {
  const key = keys["admin"] ?? "";
  const order = { task: "What is 6*7?", canWait: { forMs: null } };
  const { json } = await ask(gateway.url, "POST /v1/runs", { key, body: order });
  const path = `/v1/runs/${String(json?.["runId"])}`;
  await until("it waits", async () => {
    const { json: run } = await ask(gateway.url, `GET ${path}`, { key });
    expect(run).not.toBeNull();
    return JSON.stringify(run?.["waiting"] ?? null).includes('"reason":"batch"');
  });
  await ask(gateway.url, `POST ${path}/cancel`, { key });
  const wrong = { task: "What is 6*7?", canWait: { forMs: 0 } };
  const refused = await ask(gateway.url, "POST /v1/runs", { key, body: wrong });
  expect(refused.status).toBe(400);
});

test("the table holds every route of the document, and no other, with its scopes", async () => {
  const { json } = await ask(gateway.url, "GET /openapi.json", { key: keys["admin"] ?? "" });
  const paths = json?.["paths"] as Record<string, Record<string, Operation>>;
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, security }]) => [
      operationId,
      {
        path: `${method.toUpperCase()} ${path}`,
        scopes: security.length === 0 ? null : security.flatMap(({ key = [] }) => key),
      },
    ]),
  );
  const ours = Object.entries(MATRIX).map(([id, { path, scopes }]) => [
    id,
    {
      path: path
        .replace("{run}", "{runId}")
        .replace(/budgets\/tenant_day\/release/, "budgets/{scope}/release")
        .replace(NO_CALL, "{callId}"),
      scopes,
    },
  ]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(ours));
});

describe.each(Object.entries(MATRIX))("%s", (_id, row) => {
  const allowed = (scope: KeyScope): boolean =>
    row.scopes === null ||
    row.scopes.includes(scope) ||
    (scope === "admin" && !row.scopes.includes("metrics"));

  test("is refused without a key and with a bad one, unless it is for everybody", async () => {
    const none = await call(row, undefined, ended);
    const bad = await call(row, `pawl_0123456789abcdef_${"A".repeat(43)}`, ended);
    expect(none.status).toBe(row.scopes === null ? 200 : 401);
    expect(bad.status).toBe(row.scopes === null ? 200 : 401);
    expect(`${none.text}${bad.text}`).not.toContain(CANARY);
  });

  test.each(KEY_SCOPES)("with the scope %s alone it does what the table says", async (scope) => {
    const { status, json } = await call(row, keys[scope], ended);
    if (allowed(scope)) expect([200, 201, 202, 404, 409, 410]).toContain(status);
    else expect([status, json?.["code"]]).toEqual([403, "FORBIDDEN"]);
  });

  test("G4: another tenant learns nothing, not even that a run is there", async () => {
    const theirs = await call(row, keys["other"], ended);
    expect(theirs.text).not.toContain(CANARY);
    expect(theirs.text).not.toContain("acme");
    if (row.ofRun !== true) return;
    const nobodys = await call(row, keys["other"], NO_RUN);
    expect([theirs.status, theirs.json?.["code"]]).toEqual([404, "RUN_NOT_FOUND"]);
    const alike = (answer: Answer, run: string) => ({
      ...answer.json,
      detail: String(answer.json?.["detail"]).replace(run, "…"),
      requestId: null,
    });
    expect(alike(theirs, ended)).toEqual(alike(nobodys, NO_RUN));
  });
});

test("G4: nobody can end, pause or wake another tenant's run, nor speak to it", async () => {
  await world.model.pace(200);
  const run = await runOfAcme();
  for (const row of Object.values(MATRIX).filter(({ ofRun }) => ofRun)) {
    expect((await call(row, keys["other"], run)).status).toBe(404);
  }
  await world.model.pace(1);
  expect((await world.client.result(run)).outcome).toEqual({ kind: "answered" });
});

test("a cursor of one tenant is of no use to another", async () => {
  await runOfAcme();
  await until("two runs are listed", async () => {
    const { text } = await ask(gateway.url, "GET /v1/runs", { key: keys["admin"] ?? "" });
    return text.split(CANARY).length > 2;
  });
  const first = await ask(gateway.url, "GET /v1/runs?limit=1", { key: keys["admin"] ?? "" });
  const cursor = String(first.json?.["next"]);
  const second = await ask(gateway.url, `GET /v1/runs?limit=1&cursor=${cursor}`, {
    key: keys["admin"] ?? "",
  });
  expect(second.status).toBe(200);
  const theirs = await ask(gateway.url, `GET /v1/runs?limit=1&cursor=${cursor}`, {
    key: keys["other"] ?? "",
  });
  expect([theirs.status, theirs.json?.["code"]]).toEqual([400, "USAGE"]);
});

test.each([
  ["no token at all", (cursor: string[]) => [cursor[0], ""]],
  ["a token that Temporal did not make", (cursor: string[]) => [cursor[0], "AAAA"]],
  ["a token of JSON with other fields", (cursor: string[]) => [cursor[0], b64('{"a":1}')]],
  ["a token of a time that is none", (cursor: string[]) => [cursor[0], b64(NO_TIME)]],
  ["a token of the filter's digest alone", (cursor: string[]) => [cursor[0], cursor[0]]],
  ["a list of three", (cursor: string[]) => [...cursor, "x"]],
  ["a token 3 KB long", (cursor: string[]) => [cursor[0], "A".repeat(2900)]],
])("a forged cursor with %s is told so, and is no outage", async (_, forge) => {
  const list = async (query: string): Promise<Answer> =>
    await ask(gateway.url, `GET /v1/runs?limit=1${query}`, { key: keys["admin"] ?? "" });
  await runOfAcme();
  const real = await until("there are two pages", async () => (await list("")).json?.["next"]);
  const parts = JSON.parse(Buffer.from(String(real), "base64url").toString()) as string[];
  const forged = Buffer.from(JSON.stringify(forge(parts))).toString("base64url");
  const { status, json } = await list(`&cursor=${forged}`);
  // Nobody can make out that an empty token was not given out.
  if (status !== 200) expect([status, json?.["code"]]).toEqual([400, "USAGE"]);
});

test("a key that is revoked is refused within ten seconds, and no log line holds a key", async () => {
  const key = await keyFor(world, "acme", "runs:read");
  expect((await ask(gateway.url, "GET /v1/usage", { key })).status).toBe(200);
  const keyId = key.split("_")[1] ?? "";
  await world.db`update pawl.api_key set revoked_at = now() where key_id = ${keyId}`;
  await until(
    "the key is refused",
    async () => (await ask(gateway.url, "GET /v1/usage", { key })).status === 401,
    10_000,
  );
  const logged = gateway.process.lines.join("\n");
  expect(logged).toContain(`"keyId":"${keyId}"`);
  for (const secret of [...Object.values(keys), key].map((all) => all.slice(22))) {
    expect(logged).not.toContain(secret);
  }
});

test("G5: it does not start without a key, on loopback either, nor open where others can reach it", async () => {
  await world.db`update pawl.api_key set revoked_at = now()`;
  for (const host of ["127.0.0.1", "0.0.0.0"]) {
    const keyless = startGateway(world, { host, door: "keys" });
    await expect(keyless).rejects.toThrow(/needs a key, and there is none/);
  }
  for (const host of ["0.0.0.0", "::"]) {
    const open = startGateway(world, { host, door: "open" });
    await expect(open).rejects.toThrow(/can be open on 127.0.0.1 alone/);
  }
});
