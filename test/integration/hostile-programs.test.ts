// Programs that want out, each behind the lock: none reaches anything, the process that runs them lives on, what runs
// beside them is undisturbed, and each has an answer. At night also as another user, and as in a stock container.

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CodeOutcome } from "../../src/sandbox/sandbox.ts";
import { packageFile } from "../../src/package-root.ts";
import { freshBuild } from "../support/fresh-build.ts";
import { HOSTILE_PROGRAMS, type HostileProgram } from "../support/hostile-programs.ts";
import { WASM_PROGRAMS } from "../support/hostile-wasm-programs.ts";
import { startProcess, until, type Process } from "../support/processes.ts";
import { isAtLeast } from "../support/tier.ts";

jest.setTimeout(300_000);

type Ran = Omit<CodeOutcome, "files"> & {
  readonly kind: "ran";
  readonly name: string;
  readonly files: readonly string[];
  readonly error?: string;
};
type Line =
  | Ran
  | { readonly kind: "none"; readonly why: string }
  | { readonly kind: "ready"; readonly languages: readonly string[] }
  | {
      readonly kind: "end";
      readonly siblingsAreWell: boolean;
      readonly bystanderEnd: string | number | null;
      readonly left: readonly string[];
    };

const isRoot = process.getuid?.() === 0;
/** This machine's kernel and user decide which of them can be played. */
const SCENES: readonly (readonly [string, readonly string[], boolean])[] = [
  ["as this user", [], true],
  ["as nobody", ["--uid", "65534"], isRoot && isAtLeast("nightly")],
  ["in a container", ["--container"], isRoot && isAtLeast("nightly")],
  ["as nobody in a container", ["--container", "--uid", "65534"], isRoot && isAtLeast("nightly")],
];

let dir: string;
let secretFile: string;
let tcp: Server;
let local: Server;
let udp: Socket;
const arrived: string[] = [];
const SECRET = "hunter2";

beforeAll(async () => {
  await freshBuild();
  dir = mkdtempSync(join(tmpdir(), "pawl-hostile-"));
  chmodSync(dir, 0o755);
  mkdirSync(join(dir, "tmp"));
  chmodSync(join(dir, "tmp"), 0o1777);
  secretFile = join(dir, "secret.txt");
  writeFileSync(secretFile, SECRET, { mode: 0o644 });
  const hearing = (what: string): Server =>
    createServer((socket) => {
      arrived.push(what);
      socket.destroy();
    });
  tcp = hearing("a call of a port").listen(0, "127.0.0.1");
  local = hearing("a call of a socket");
  local.listen(join(dir, "socket"));
  udp = createSocket("udp4").on("message", () => arrived.push("a packet"));
  udp.bind(0, "127.0.0.1");
  await Promise.all([once(tcp, "listening"), once(local, "listening"), once(udp, "listening")]);
  chmodSync(join(dir, "socket"), 0o777);
});
afterAll(() => {
  tcp?.close();
  local?.close();
  udp?.close();
  rmSync(dir, { recursive: true, force: true });
});

function start(programs: readonly HostileProgram[], args: readonly string[]): Process {
  const { port } = tcp.address() as AddressInfo;
  const marks = {
    ...{ dir, secretFile, socketPath: join(dir, "socket") },
    ...{ port, udpPort: udp.address().port, pid: process.pid },
  };
  const file = join(dir, "tmp", "programs.json");
  writeFileSync(file, JSON.stringify({ marks, programs }), { mode: 0o644 });
  return startProcess(
    process.execPath,
    [packageFile("test/support/sandbox-runner.mjs"), "--programs", file, ...args],
    {
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        TMPDIR: join(dir, "tmp"),
        ANTHROPIC_API_KEY: SECRET,
      },
    },
  );
}

async function play(
  args: readonly string[],
  programs: readonly HostileProgram[] = HOSTILE_PROGRAMS,
): Promise<readonly Line[]> {
  const runner = start(programs, args);
  await runner.ended;
  rmSync(join(dir, "tmp", "programs.json"));
  return runner.lines
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);
}

/** What went wrong with one program; empty where nothing did. */
function wrongIn(program: HostileProgram, ran: Ran | undefined): readonly string[] {
  if (ran === undefined) return [`${program.name}: no answer`];
  const isRight = ran.error === undefined && endsAsItMust(program, ran) && !getsOut(ran);
  const { stdout, stderr, error, killedBy, exitCode } = ran;
  const told = { killedBy, exitCode, error, stdout, stderr: stderr?.slice(-300) };
  return isRight ? [] : [`${program.name}: ${JSON.stringify(told)}`];
}

function endsAsItMust({ ends = [] }: HostileProgram, { killedBy }: Ran): boolean {
  if (killedBy === null) return ends.length === 0 || ends.includes("itself");
  return ends.includes(killedBy.kind);
}

function getsOut({ stdout, files }: Ran): boolean {
  return stdout.includes("ESCAPED") || files.some((path) => ["out.txt", "folder"].includes(path));
}

describe.each(SCENES)("%s", (_scene, args, isPlayed) => {
  (isPlayed ? test : test.skip)(
    "nothing gets out, and nothing that stands outside is felt",
    async () => {
      arrived.length = 0;
      const before = statSync(secretFile);
      const lines = await play(args);
      expect(lines[0]).toMatchObject({ kind: "ready", languages: ["javascript", "python"] });
      const ran = new Map(
        lines.filter((line) => line.kind === "ran").map((line) => [line.name, line]),
      );
      const wrong = HOSTILE_PROGRAMS.flatMap((program) => wrongIn(program, ran.get(program.name)));
      expect(wrong).toEqual([]);
      expect(lines.at(-1)).toEqual({
        kind: "end",
        siblingsAreWell: true,
        bystanderEnd: null,
        left: [],
      });
      expect(arrived).toEqual([]);
      expect(readFileSync(secretFile, "utf8")).toBe(SECRET);
      const { mode, uid, nlink, mtimeMs } = statSync(secretFile);
      expect({ mode, uid, nlink, mtimeMs }).toEqual({
        ...{ mode: before.mode, uid: before.uid, nlink: 1, mtimeMs: before.mtimeMs },
      });
      expect(readdirSync(dir).toSorted()).toEqual(["secret.txt", "socket", "tmp"]);
      expect(readdirSync(join(dir, "tmp"))).toEqual([]);
      expect(existsSync("/dev/shm/pawl")).toBe(false);
    },
  );
});

test("there are forty of them and more", () => {
  expect(HOSTILE_PROGRAMS.length).toBeGreaterThanOrEqual(40);
});

test("in WebAssembly there is nothing to get at, and what does not end is ended", async () => {
  const lines = await play(["--tier", "wasm"], WASM_PROGRAMS);
  expect(lines[0]).toMatchObject({ kind: "ready", languages: ["javascript"] });
  const ran = new Map(lines.filter((line) => line.kind === "ran").map((line) => [line.name, line]));
  expect(WASM_PROGRAMS.flatMap((program) => wrongIn(program, ran.get(program.name)))).toEqual([]);
  expect(lines.at(-1)).toMatchObject({ siblingsAreWell: true, bystanderEnd: null, left: [] });
  expect(readdirSync(dir).toSorted()).toEqual(["secret.txt", "socket", "tmp"]);
});

test("a program ends with the process that runs it, however that ends", async () => {
  const endless = HOSTILE_PROGRAMS.filter(({ name }) => name === "ignores every signal");
  const runner = start(endless, ["--wall", "600000"]);
  await runner.line('"ready"');
  const pid = await until("the program runs", async () => programOf(runner.pid), 60_000);
  await runner.kill();
  await until("the program is gone", async () => !existsSync(`/proc/${pid}`), 60_000);
});

/** Which of its children has become the program: that one alone is of Python. */
function programOf(pid: number): string | null {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  const isProgram = (child: string): boolean => {
    const line = lineOf(child);
    return line.includes("main.py") && !line.includes("launch-main");
  };
  return children.find(isProgram) ?? null;
}

function lineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
