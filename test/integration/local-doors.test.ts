// The doors of the local stack itself, with the real Temporal and PGlite: what a web page, another user or a
// container on this machine reaches of them.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { request } from "node:http";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { readLocalToken } from "../../src/dev/local-token.ts";
import { liveStack, type StackState } from "../../src/dev/stack-state.ts";
import { openDatabase } from "../../src/store/database.ts";
import { socketPathOf } from "../support/stack-socket.ts";
import { runPawl, startPawl } from "../support/cli-process.ts";
import {
  isOpen,
  openStackFolder,
  PLAIN_ENV,
  startRun,
  type StackFolder,
} from "../support/local-stack.ts";
import { until } from "../support/processes.ts";

const run = promisify(execFile);

const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0 ? test : test.skip;
const onLinux = process.platform === "linux" ? test : test.skip;

let folder: StackFolder;
let state: StackState;
beforeAll(async () => {
  folder = openStackFolder(".pawl");
  // Whoever makes a folder in it shuts it themselves: what is around it shuts nobody out.
  chmodSync(dirname(folder.stateDir), 0o755);
  state = await folder.ensure({ parts: ["temporal", "postgres"] });
}, 240_000);
afterAll(() => folder.close(), 120_000);

interface Listener {
  readonly host: string;
  readonly port: number;
}

/** Of one process, from what the kernel says of its sockets. */
function listenersOf(pid: number): readonly Listener[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode === undefined ? [] : [inode];
    }),
  );
  const LISTEN = "0A";
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && own.has(fields[9] ?? ""))
      .map((fields) => placeOf(fields[1] ?? "")),
  );
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** `0100007F:1C41` */
function placeOf(text: string): Listener {
  const [address = "", port = ""] = text.split(":");
  const bytes = address.length === 8 ? (address.match(/../g) ?? []).toReversed() : [];
  const host = bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
  return { host: host === "" ? address : host, port: Number.parseInt(port, 16) };
}

interface Said {
  readonly status: number | null;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Status null: what listens there speaks no HTTP. */
async function say(
  { host, port }: Listener,
  path: string,
  { method = "GET", body = "", ...headers }: Readonly<Record<string, string>> = {},
): Promise<Said> {
  return await new Promise<Said>((resolve) => {
    const asked = request({ host, port, path, method, headers, timeout: 10_000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (text += chunk));
      const end = (): void =>
        resolve({ status: answer.statusCode ?? null, text, headers: answer.headers });
      answer.on("end", end);
      answer.on("error", end);
    });
    const silent = (): void => resolve({ status: null, text: "", headers: {} });
    asked.on("error", silent);
    asked.on("timeout", () => asked.destroy());
    asked.end(body);
  });
}

function partPid(part: "temporal" | "postgres"): number {
  const pid = liveStack(folder.stateDir)?.children[part];
  if (pid === undefined) throw new Error(`${part} does not run`);
  return pid;
}

describe("K6: of Temporal", () => {
  const START = "/api/v1/namespaces/default/workflows/run_by_a_page";
  const BODY = JSON.stringify({
    workflowType: { name: "agentRun" },
    taskQueue: { name: "pawl" },
  });

  onLinux(
    "all doors are on loopback, and no page of any name gets anything through one",
    async () => {
      const doors = listenersOf(partPid("temporal"));
      expect(doors.length).toBeGreaterThan(1);
      expect(doors.filter(({ host }) => !host.startsWith("127."))).toEqual([]);
      const hosts = (port: number) => [
        "evil.example",
        "localhost",
        `127.0.0.1:${port}`,
        `[::1]:${port}`,
      ];
      for (const door of doors) {
        for (const host of hosts(door.port)) {
          const text = { "content-type": "text/plain", origin: "http://evil.example" };
          const asked = [
            await say(door, "/api/v1/namespaces", { host }),
            await say(door, "/namespaces", { host }),
            await say(door, "/", { host, accept: "text/html" }),
            await say(door, START, { host, method: "POST", body: BODY, ...text }),
            await say(door, `${START}/signal/say`, { host, method: "POST", body: "{}", ...text }),
          ];
          // Figures may be read; a namespace, a run or a page of the UI may not.
          const told = asked.filter(({ status }) => status !== null && status < 400);
          expect(told.filter(({ text: shown }) => !shown.startsWith("# HELP"))).toEqual([]);
        }
      }
      await expect(isOpen(state, "run_by_a_page")).rejects.toThrow(/not found/);
    },
  );
});

describe("the embedded Postgres", () => {
  onLinux("listens at no port at all", () => {
    expect(listenersOf(partPid("postgres"))).toEqual([]);
  });

  test("answers its owner by the URL that the stack tells", async () => {
    const db = openDatabase(state.databaseUrl ?? "", { connectionsMax: 1 });
    expect(await db<{ one: number }>`select 1 as one`).toEqual([{ one: 1 }]);
    await db.end();
  });

  asRoot("is out of reach for another user of this machine", async () => {
    const path = socketPathOf(state.databaseUrl ?? "") ?? "";
    expect(path).not.toBe("");
    const script = `
      require("node:net").connect(process.argv[1])
        .on("connect", () => process.exit(console.log("connected")))
        .on("error", ({ code }) => console.log(code));`;
    const args = ["--eval", script, path];
    const { stdout } = await run(process.execPath, args, { uid: NOBODY, gid: NOBODY, cwd: "/" });
    expect(stdout.trim()).toBe("EACCES");
  });
});

test("whatever the stack makes is its owner's alone", () => {
  expect(readLocalToken(folder.stateDir)).toMatch(/^pawl_local_/);
  // PGlite gives its files modes of its own, in a folder that is closed.
  const made = ["", ...readdirSync(folder.stateDir)];
  const open = made
    .map((name) => join(folder.stateDir, name))
    .filter((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found !== undefined && (found.mode & 0o077) !== 0;
    });
  expect(open).toEqual([]);
  expect(readdirSync(folder.stateDir)).toEqual(expect.arrayContaining(["postgres", "temporal.db"]));
});

describe("`pawl ui`", () => {
  test("serves Temporal's Web UI to who has its address, while it runs; open runs go on", async () => {
    await startRun(state, "open-all-the-while");
    const env = { ...PLAIN_ENV, PAWL_STATE_DIR: folder.stateDir };
    const command = startPawl(["ui", "open-all-the-while", "--port", "0"], env);
    try {
      await command.said("for you alone", 120_000);
      const address = new URL(command.stdout().trim());
      const proxy = { host: "127.0.0.1", port: Number(address.port) };
      const host = address.host;
      expect((await say(proxy, "/", { host })).status).toBe(401);
      expect((await say(proxy, "/api/v1/namespaces", { host })).status).toBe(401);
      expect((await say(proxy, `/?key=${"A".repeat(43)}`, { host })).status).toBe(401);

      const first = await say(proxy, `${address.pathname}${address.search}`, { host });
      expect([first.status, first.headers["location"]]).toEqual([303, address.pathname]);
      const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? "";
      const page = await say(proxy, address.pathname, { host, cookie });
      expect([page.status, page.text.includes("<html")]).toEqual([200, true]);
      const runs = await until("the UI reaches Temporal", async () => {
        const answer = await say(proxy, "/api/v1/namespaces/default/workflows", { host, cookie });
        return answer.status === 200 ? answer.text : false;
      });
      expect(runs).toContain("open-all-the-while");

      // The cookie of the person is in their browser, whoever makes it ask.
      for (const more of [
        { host: "evil.example" },
        { host, origin: "http://evil.example" },
        { host, "sec-fetch-site": "cross-site" },
      ]) {
        expect((await say(proxy, "/api/v1/namespaces", { cookie, ...more })).status).toBe(403);
      }
      const second = await runPawl(["ui", "--port", "0"], env);
      expect([second.exitCode, second.stderr]).toEqual([
        2,
        expect.stringContaining("Another `pawl ui`"),
      ]);
    } finally {
      command.signal("SIGINT");
      await command.ended;
    }
    expect(await isOpen(state, "open-all-the-while")).toBe(true);
    if (process.platform === "linux") {
      const served = listenersOf(partPid("temporal")).map((door) =>
        say(door, "/", { accept: "text/html" }),
      );
      expect((await Promise.all(served)).filter(({ text }) => text.includes("<html"))).toEqual([]);
    }
  }, 240_000);
});
