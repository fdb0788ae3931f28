// The attempts to get out by which a tier proves itself before it promises anything: programs that read, write, call,
// connect, signal and start what is not theirs, against marks that this process sets up beside them; and one that
// never ends. A way that is open makes the tier useless; a program that does not even run makes it unusable.

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JAVASCRIPT_ESCAPES, PYTHON_ESCAPES } from "./escape-programs.ts";
import { STANDARD_LIMITS, type CodeOutcome, type CodeRun, type Language } from "./sandbox.ts";

export type Tried =
  | { readonly kind: "shut" }
  /** Something got out. */
  | { readonly kind: "open"; readonly why: string }
  /** Nothing was tried, because nothing runs. */
  | { readonly kind: "broken"; readonly why: string };

/** What a program is told of the marks. */
export interface Marks {
  readonly dir: string;
  readonly secretFile: string;
  readonly secret: string;
  readonly port: number;
  readonly socketPath: string;
  readonly pid: number;
}

type Run = (run: CodeRun) => Promise<CodeOutcome>;

const RAN = "tried everything";
const PROBE_WALL_MS = 60_000;
const ENDLESS_WALL_MS = 500;
const SAID_CHARS_MAX = 300;
const PROGRAMS = { javascript: JAVASCRIPT_ESCAPES, python: PYTHON_ESCAPES } as const;

export async function tryToEscape(language: Language, run: Run): Promise<Tried> {
  try {
    const stage = await setUp();
    try {
      return (await tryWaysOut(language, run, stage)) ?? (await tryEndless(language, run));
    } finally {
      await stage.tearDown();
    }
  } catch (error) {
    return { kind: "broken", why: error instanceof Error ? error.message : String(error) };
  }
}

const run = (language: Language, code: string, wallMs: number): CodeRun => ({
  language,
  code,
  files: [],
  limits: { ...STANDARD_LIMITS, wallMs },
  signal: new AbortController().signal,
});

/** Null where all of them are shut. */
async function tryWaysOut(language: Language, act: Run, stage: Stage): Promise<Tried | null> {
  const code = PROGRAMS[language].replace("MARKS", () => JSON.stringify(stage.marks));
  const outcome = await act(run(language, code, PROBE_WALL_MS));
  const { stdout, stderr, exitCode, killedBy } = outcome;
  const ways = stdout.split("\n").filter((line) => line.startsWith("open: "));
  const arrived = await stage.arrived();
  if (ways.length > 0 || arrived.length > 0) {
    const why = [...ways.map((line) => line.slice("open: ".length)), ...arrived].join(", ");
    return { kind: "open", why: `it got out: ${why}` };
  }
  if (exitCode === 0 && stdout.includes(RAN)) return null;
  const said = `${killedBy?.what ?? `exit code ${exitCode}`} ${stderr.trim()}`.trim();
  return { kind: "broken", why: `does not run: ${said.slice(-SAID_CHARS_MAX)}` };
}

async function tryEndless(language: Language, act: Run): Promise<Tried> {
  const code = language === "python" ? "while True: pass" : "for (;;);";
  const { killedBy } = await act(run(language, code, ENDLESS_WALL_MS));
  if (killedBy?.kind === "time") return { kind: "shut" };
  return { kind: "open", why: "a program that never ends is not ended" };
}

interface Stage {
  readonly marks: Marks;
  /** What came here from a program. */
  arrived(): Promise<readonly string[]>;
  tearDown(): Promise<void>;
}

async function setUp(): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-probe-"));
  const secret = randomUUID();
  const secretFile = join(dir, "secret.txt");
  await writeFile(secretFile, secret);
  // What keeps a program out shall be the lock, and not whose the files are.
  await chmod(dir, 0o755);
  await chmod(secretFile, 0o644);
  const socketPath = join(dir, "socket");
  const calls: string[] = [];
  const inet = await listening(
    (server) => server.listen(0, "127.0.0.1"),
    () => calls.push("TCP"),
  );
  const local = await listening(
    (server) => server.listen(socketPath),
    () => calls.push("socket"),
  );
  await chmod(socketPath, 0o777);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server on an address of the Internet
  const { port } = inet.address() as AddressInfo;
  const before = new Set(await readdir(dir));
  return {
    marks: { dir, secretFile, secret, port, socketPath, pid: process.pid },
    async arrived() {
      const written = (await readdir(dir)).filter((name) => !before.has(name));
      return [
        ...calls.map((kind) => `reached a ${kind}`),
        ...written.map((name) => `wrote ${name}`),
      ];
    },
    async tearDown() {
      for (const server of [inet, local]) server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function listening(
  listen: (server: Server) => Server,
  onCall: () => unknown,
): Promise<Server> {
  const server = createServer((socket) => {
    onCall();
    socket.destroy();
  });
  listen(server);
  await once(server, "listening");
  // A probe keeps no process from ending.
  return server.unref();
}
