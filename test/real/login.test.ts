// Temporal's own server behind TLS: with certificates of clients, and with API keys (JWTs) that it knows by their
// signature. Commands and workers are let in by the settings of docs/security.md, and told why where they are not.

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageFile } from "../../src/package-root.ts";
import { createAuthority, type Authority, type Certificate } from "../support/authority.ts";
import { runPawl, startCommand } from "../support/cli-process.ts";
import type { CliRun } from "../support/cli.ts";
import { startModelWorld, type ModelWorld } from "../support/offline-model.ts";
import type { DatabaseServer } from "../support/postgres.ts";
import { startProcess } from "../support/processes.ts";
import { ownDatabase } from "../support/shared-servers.ts";
import { pathWithServer, prepareServer, type TemporalServer } from "../support/temporal-server.ts";

jest.setTimeout(180_000);

const NAMESPACE = "agents";
const WORKER = packageFile("dist/src/worker/main.js");

let dir: string;
let authority: Authority;
let served: Certificate;
let database: DatabaseServer;
let model: ModelWorld;
let servers: TemporalServer[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pawl-login-"));
  authority = createAuthority(dir);
  served = authority.issue("server");
  [database, model] = await Promise.all([ownDatabase(), startModelWorld()]);
  await pathWithServer();
}, 45 * 60_000);
afterAll(async () => {
  for (const server of servers) await server.kill();
  await model?.process.kill();
  await database?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** A server with its tables in files. Its own parts talk by a door of their own, without TLS. */
async function startServer(name: string, env: NodeJS.ProcessEnv): Promise<TemporalServer> {
  const server = await prepareServer(
    {
      ...{ DB: "sqlite", LOG_LEVEL: "error", USE_INTERNAL_FRONTEND: "true" },
      TEMPORAL_SERVICES: "frontend,internal-frontend,history,matching,worker",
      DBNAME: `${name}.db`,
      VISIBILITY_DBNAME: `${name}.visibility.db`,
      DYNAMIC_CONFIG_FILE_PATH: packageFile("deploy/dynamic-config.yaml"),
      TEMPORAL_TLS_FRONTEND_CERT: served.certFile,
      TEMPORAL_TLS_FRONTEND_KEY: served.keyFile,
      ...env,
    },
    dir,
  );
  servers.push(server);
  await server.start();
  return server;
}

/** Of who comes from elsewhere: where, and how the server is known. */
function visitor({ address }: TemporalServer, login: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return {
    ...{ PATH, HOME, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: NAMESPACE },
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.certFile,
    DATABASE_URL: database.url,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "offline",
    ...{ PAWL_OFFLINE_MODEL: "1", PAWL_OPEN_TENANTS: "1" },
    ...login,
  };
}

/** By the script that compose runs, with the login of an admin. */
async function createNamespace(env: NodeJS.ProcessEnv): Promise<void> {
  const script = packageFile("deploy/create-namespace.sh");
  await promisify(execFile)("sh", [script], { env: { ...env, PATH: await pathWithServer() } });
}

async function expectServed(env: NodeJS.ProcessEnv): Promise<void> {
  const worker = startProcess(process.execPath, [WORKER], { env });
  try {
    await worker.line("worker_ready");
    const ran = await runPawl(["run", "What is 17 % of 2,340?"], env);
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("397.8") });
    expect((await runPawl(["doctor"], env)).stdout).toMatch(/✓ temporal: .*namespace agents/);
  } finally {
    await worker.stop();
  }
}

/** By a command and by a worker: where, why, and by which setting. */
async function expectTurnedAway(env: NodeJS.ProcessEnv, why: RegExp): Promise<void> {
  const said: readonly CliRun[] = [
    await runPawl(["ls"], env),
    await startCommand(process.execPath, [WORKER], env).ended,
  ];
  for (const { exitCode, stderr } of said) {
    const lines = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
    expect(lines).toEqual([expect.stringMatching(why)]);
    expect(exitCode).toBe(6);
  }
}

const certified = ({ certFile, keyFile }: Certificate): NodeJS.ProcessEnv => ({
  TEMPORAL_TLS_CLIENT_CERT_PATH: certFile,
  TEMPORAL_TLS_CLIENT_KEY_PATH: keyFile,
});

describe("a server that asks for certificates", () => {
  let server: TemporalServer;
  beforeAll(async () => {
    server = await startServer("mtls", {
      TEMPORAL_TLS_REQUIRE_CLIENT_AUTH: "true",
      TEMPORAL_TLS_CLIENT1_CA_CERT: authority.certFile,
      TEMPORAL_TLS_CLIENT2_CA_CERT: authority.certFile,
    });
    await createNamespace(visitor(server, certified(authority.issue("admin"))));
  });

  test("serves who shows one that its authority signed", async () => {
    await expectServed(visitor(server, certified(authority.issue("worker"))));
  });

  test.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
    [
      "shows none",
      () => ({}),
      /it turns away this client's certificate, or the lack of one .*CLIENT_CERT_PATH/,
    ],
    [
      "shows one of another authority",
      () => certified(createAuthority(dir, "stranger").issue("guest")),
      /it turns away this client's certificate/,
    ],
    [
      "shows one that ran out",
      () => certified(authority.issue("past", { days: -1 })),
      /it turns away this client's certificate/,
    ],
    [
      "does not know the server's authority",
      () => ({
        ...certified(authority.issue("doubter")),
        TEMPORAL_TLS_SERVER_CA_CERT_PATH: createAuthority(dir, "other").certFile,
      }),
      /its certificate is not trusted .*TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
    ],
    [
      "means a server of another name",
      () => ({
        ...certified(authority.issue("misled")),
        TEMPORAL_TLS_SERVER_NAME: "temporal.internal",
      }),
      /its certificate is for another name .*TEMPORAL_TLS_SERVER_NAME/,
    ],
    [
      "asks for no TLS",
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: "" }),
      /it speaks TLS, and none is asked for/,
    ],
  ])("tells who %s", async (_, login, why) => {
    await expectTurnedAway(
      visitor(server, login()),
      new RegExp(`Temporal at localhost:\\d+: ${why.source}`),
    );
  });
});

describe("a server that asks for API keys", () => {
  const signer = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
  let server: TemporalServer;

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

  function keyOf(subject: string, permissions: readonly string[], by = signer): NodeJS.ProcessEnv {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const head = part({ alg: "ES256", typ: "JWT", kid: "one" });
    const text = `${head}.${part({ sub: subject, permissions, exp })}`;
    const key = { key: by.privateKey, dsaEncoding: "ieee-p1363" } as const;
    const signature = sign("sha256", Buffer.from(text), key).toString("base64url");
    return { TEMPORAL_API_KEY: `${text}.${signature}` };
  }

  beforeAll(async () => {
    const known = join(dir, "keys.json");
    const jwk = {
      ...signer.publicKey.export({ format: "jwk" }),
      kid: "one",
      alg: "ES256",
      use: "sig",
    };
    writeFileSync(known, JSON.stringify({ keys: [jwk] }));
    server = await startServer("keys", {
      TEMPORAL_JWT_KEY_SOURCE1: `file://${known}`,
      TEMPORAL_AUTH_AUTHORIZER: "default",
      TEMPORAL_AUTH_CLAIM_MAPPER: "default",
    });
    await createNamespace(visitor(server, keyOf("admin", ["temporal-system:admin"])));
  });

  test("serves who may write in its namespace, and need not be an admin", async () => {
    await expectServed(visitor(server, keyOf("worker", [`${NAMESPACE}:write`])));
  });

  test.each<[string, () => NodeJS.ProcessEnv]>([
    ["of a namespace that is not ours", () => keyOf("guest", ["others:write"])],
    ["that somebody else signed", () => keyOf("forger", [`${NAMESPACE}:write`], stranger)],
    ["that is none", () => ({ TEMPORAL_API_KEY: "a-key-of-mine" })],
    ["at all", () => ({ TEMPORAL_TLS: "true" })],
  ])("tells who has no key %s", async (_, login) => {
    const env = visitor(server, login());
    await expectTurnedAway(env, /^Temporal.* refuses this login: .*TEMPORAL_API_KEY/);
    expect((await runPawl(["ls"], env)).stderr).not.toContain(String(env["TEMPORAL_API_KEY"]));
  });
});
