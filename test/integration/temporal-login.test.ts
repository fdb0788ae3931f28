// A server that is not the one that was meant, or does not take us for who we are: host, reason and setting are told
// by commands and workers alike, at once where no waiting mends it. test/real does it with Temporal's own server.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { createAuthority, type Authority, type Certificate } from "../support/authority.ts";
import { runPawl, startCommand } from "../support/cli-process.ts";
import { freePort, startProcess, type Process } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

let world: World;
let dir: string;
let authority: Authority;
let served: Certificate;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  world = await openWorld();
  dir = mkdtempSync(join(tmpdir(), "pawl-login-"));
  authority = createAuthority(dir);
  served = authority.issue("server", { san: "DNS:localhost" });
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(async () => {
  await world?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function speaksTls({ certFile, keyFile }: Certificate): Promise<number> {
  const server = createSecureServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  // A client that breaks the handshake off is what is wanted.
  server.on("tlsClientError", () => undefined).on("sessionError", () => undefined);
  return portOf(server);
}

/** Answers whatever comes in the words of HTTP/1, as a proxy does that is no door to gRPC. */
function speaksPlainly(): Promise<number> {
  return portOf(
    createServer(
      (socket) => void socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    ),
  );
}

/** OpenSSL's own server refuses a client in TLS's words, as Go's does and Node's does not. */
async function wantsCertificates(): Promise<number> {
  const port = await freePort();
  const files = ["-cert", served.certFile, "-key", served.keyFile, "-CAfile", authority.certFile];
  const strict = ["-www", "-Verify", "1", "-verify_return_error"];
  const server: Process = startProcess("openssl", [
    "s_server",
    "-accept",
    String(port),
    ...files,
    ...strict,
  ]);
  closers.push(() => server.kill());
  await server.line("ACCEPT");
  return port;
}

const trusting = (): NodeJS.ProcessEnv => ({
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.certFile,
});

const CASES: readonly [string, () => Promise<number>, () => NodeJS.ProcessEnv, RegExp][] = [
  [
    "a certificate of an authority that nobody named",
    () => speaksTls(served),
    () => ({ TEMPORAL_TLS: "true" }),
    /its certificate is not trusted \(.*\)\. Name its authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
  ],
  [
    "a certificate for another name",
    () => speaksTls(authority.issue("elsewhere", { san: "DNS:temporal.internal" })),
    trusting,
    /its certificate is for another name \(.*temporal\.internal.*\)\. Name that in TEMPORAL_TLS_SERVER_NAME/,
  ],
  [
    "a certificate that ran out",
    () => speaksTls(authority.issue("old", { days: -1 })),
    trusting,
    /its certificate is out of date \(certificate has expired\)/,
  ],
  [
    "a server that wants a certificate of ours",
    wantsCertificates,
    trusting,
    /it turns away this client's certificate, or the lack of one \(.*\)\. Mend TEMPORAL_TLS_CLIENT_CERT_PATH/,
  ],
  [
    "a server that speaks TLS, where none is asked for",
    () => speaksTls(served),
    () => ({}),
    /it speaks TLS, and none is asked for\. Set TEMPORAL_TLS=true/,
  ],
  [
    "a server that speaks no TLS, where an API key turned it on",
    speaksPlainly,
    () => ({ TEMPORAL_API_KEY: "k3y-of-mine" }),
    /it speaks no TLS \(.*\)\. TEMPORAL_TLS=false turns TLS off/,
  ],
];

describe.each(CASES)("%s", (_, start, settings, sentence) => {
  const told = new RegExp(`Temporal at localhost:\\d+: ${sentence.source}`);

  test("is told by a command", async () => {
    const env = { ...world.env, ...settings(), TEMPORAL_ADDRESS: `localhost:${await start()}` };
    const { exitCode, stderr } = await runPawl(["ls"], env);
    expect(stderr).toMatch(told);
    expect(stderr).not.toMatch(/k3y-of|defect|^\s+at /m);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(exitCode).toBe(6);
  });

  test("ends a worker at once", async () => {
    const env = { ...world.env, ...settings(), TEMPORAL_ADDRESS: `localhost:${await start()}` };
    const main = packageFile("dist/src/worker/main.js");
    const { exitCode, stderr } = await startCommand(process.execPath, [main], env).ended;
    const said = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
    expect(said).toEqual([expect.stringMatching(told)]);
    expect(said[0]).toContain("(TEMPORAL_LOGIN: ");
    expect(exitCode).toBe(6);
    expect(stderr).not.toContain("worker_waiting");
  });
});

test("a server that is away is told with the reason", async () => {
  const port = await freePort();
  const { exitCode, stderr } = await runPawl(["ls"], {
    ...world.env,
    TEMPORAL_ADDRESS: `localhost:${port}`,
  });
  expect(stderr).toMatch(/No Temporal server answers at localhost:\d+ \(.*ECONNREFUSED.*\)/);
  expect(exitCode).toBe(6);
});
