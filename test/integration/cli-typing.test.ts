// A person at a terminal: what they type while a run is watched, seen through a pseudo-terminal.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { packageFile } from "../../src/package-root.ts";
import { waitingCalls } from "../support/approvals.ts";
import { until } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

let world: World;
let dir: string;
const open: ChildProcess[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "pawl-typing-"));
  world = await openWorld({ env: { ...PATIENT, PAWL_FILES_DIR: dir } });
  await world.startWorker();
}, 180_000);
afterEach(async () => {
  for (const child of open.splice(0)) child.kill("SIGKILL");
  await world.model.reset();
});
afterAll(async () => {
  await world?.close();
  await rm(dir, { recursive: true, force: true });
});

interface Terminal {
  type(keys: string): void;
  screen(): string;
  shows(text: string): Promise<void>;
  readonly ended: Promise<number | null>;
}

/** `script` gives the command a terminal and passes on what it is told. */
function openTerminal(task: string): Terminal {
  return inTerminal(`run '${task}'`);
}

function inTerminal(args: string): Terminal {
  const command = `${process.execPath} ${packageFile("bin/pawl.js")} ${args}`;
  const env = { ...world.env, TERM: "xterm", NO_COLOR: "1" };
  const child = spawn("script", ["-qefc", command, "/dev/null"], { env, cwd: dir });
  open.push(child);
  let screen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (screen += text));
  const shown = (): string => stripVTControlCharacters(screen).replaceAll("\r", "");
  return {
    type: (keys) => void child.stdin.write(keys),
    screen: shown,
    ended: new Promise((resolve) => child.once("close", resolve)),
    shows: (text) => until(`"${text}" shows`, () => shown().includes(text)).then(() => undefined),
  };
}

const LONG = "A pawl lets a ratchet turn forward and never slip back. ".repeat(4);

describe("in a terminal", () => {
  test("!text stops the reply in flight, and what the run writes waits while a line is typed", async () => {
    await world.model.script([{ reply: { text: LONG } }, { reply: { text: "Ratchet." } }]);
    await world.model.faults([{ kind: "hold", afterEvents: 6 }]);
    const terminal = openTerminal("What is a pawl?");
    await terminal.shows("A pawl");
    terminal.type("!In one");
    await terminal.shows("» !In one");
    terminal.type(" word?\r");
    await terminal.shows("■ interrupted; what was written is kept");
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen()).toContain("Ratchet.");
    expect(terminal.screen()).not.toContain(LONG.trim());
  });

  test("a word decides the call that waits", async () => {
    const toolCalls = [{ name: "write_file", input: { path: "a.txt", content: "x" } }];
    await world.model.script([{ reply: { toolCalls } }, { reply: { text: "Not written." } }]);
    const terminal = openTerminal("Write a note.");
    await terminal.shows("d [why] deny");
    terminal.type("d not today\r");
    await terminal.shows("write_file was denied");
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen()).toContain("not today");
    expect(terminal.screen()).toContain("Not written.");
  });

  test("of two calls that wait a word decides the one that it names, and a bare word none", async () => {
    const write = (path: string) => ({ name: "write_file", input: { path, content: "x" } });
    const toolCalls = [write("one.txt"), write("two.txt")];
    await world.model.script([{ reply: { toolCalls } }, { reply: { text: "Done." } }]);
    const terminal = openTerminal("Write two notes.");
    await terminal.shows("? [2] may it call write_file?");
    terminal.type("a\r");
    await terminal.shows("2 calls wait, [1] [2]: say which");
    terminal.type("a 2\r");
    await terminal.shows("[2] write_file was approved");
    terminal.type("d\r");
    await terminal.shows("[1] write_file was denied");
    expect(await terminal.ended).toBe(0);
    const written = await readdir(dir, { recursive: true });
    expect(written.filter((path) => /(one|two)\.txt$/.test(path))).toEqual([
      expect.stringMatching(/two\.txt$/),
    ]);
  });

  test("pawl approve shows the call whole and asks; anything but yes decides nothing", async () => {
    const toolCalls = [{ name: "write_file", input: { path: "a.txt", content: "b\u202ec" } }];
    await world.model.script([{ reply: { toolCalls } }, { reply: { text: "Written." } }]);
    const { runId } = await world.client.start({ task: "Go.", tenant: "t", session: "s" });
    await waitingCalls(world.client, runId);
    const unsure = inTerminal(`approve ${runId}`);
    await unsure.shows("b⟦U+202E⟧c");
    await unsure.shows("Approve [1] write_file? y/N");
    unsure.type("\r");
    expect(await unsure.ended).toBe(3);
    const sure = inTerminal(`approve ${runId}`);
    await sure.shows("y/N");
    sure.type("y\r");
    expect(await sure.ended).toBe(0);
    expect(sure.screen()).toContain("approved");
    expect(await world.client.result(runId)).toMatchObject({ answer: "Written." });
  });

  test("Ctrl-C detaches, also in the middle of a line", async () => {
    await world.model.script([{ hold: true, reply: { text: "42" } }]);
    const terminal = openTerminal("What is 6 times 7?");
    await until("the model was asked", async () => (await world.model.requests()).length > 0);
    await terminal.shows("budget");
    terminal.type("half a li");
    await terminal.shows("» half a li");
    terminal.type("\u0003");
    await terminal.shows("Detached: the run goes on.");
    expect(await terminal.ended).toBe(7);
  });
});
