// Ways out of a run's folder and of a root, against the real file system: none of the file tools takes one.

import { spawn } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { builtInTools } from "../../../activities/tools/index.ts";
import type { ToolContext } from "../../../activities/tools/define-tool.ts";
import { openRoots } from "../../../src/files/open-roots.ts";
import {
  attacksOnRoot,
  attacksOnRun,
  callsAt,
  openAttacked,
  SECRET,
  SECRET_NAME,
  stateOutside,
  type Attack,
  type Attacked,
} from "../../support/file-attacks.ts";
import { contextFor, outputOf } from "./support.ts";

let attacked: Attacked;
beforeEach(async () => {
  attacked = await openAttacked();
});
afterEach(() => attacked.close());

async function contextOf(isWritable = true): Promise<ToolContext> {
  const { filesDir, root, closed } = attacked;
  const fileRoots = await openRoots([{ path: root, isWritable }], [closed]);
  return contextFor({ attempt: 3, filesDir, fileRoots });
}

async function call(tool: string, input: unknown, context: ToolContext) {
  const found = builtInTools.find(({ spec }) => spec.name === tool);
  if (found === undefined) throw new Error(`there is no tool ${tool}`);
  return await outputOf(found.run(input, context));
}

/** Of all that was asked, what was not refused, or told too much. */
async function faultsOf(attacks: readonly Attack[], context: ToolContext): Promise<string[]> {
  const faults: string[] = [];
  for (const { path, isRefused, mayWrite } of attacks) {
    for (const [tool, input] of callsAt(path, mayWrite)) {
      const { text, isError } = await call(tool, input, context);
      const what = `${tool} ${JSON.stringify(path).slice(0, 60)}: ${text.slice(0, 200)}`;
      if (isRefused && !isError) faults.push(`not refused: ${what}`);
      if (text.includes(SECRET) || (!path.includes(SECRET_NAME) && text.includes(SECRET_NAME))) {
        faults.push(`told: ${what}`);
      }
      if (isError)
        expect(JSON.parse(text)).toEqual({
          error: expect.any(String),
          suggestion: expect.any(String),
        });
    }
  }
  return faults;
}

describe.each([
  ["the run's folder", attacksOnRun],
  ["a root", attacksOnRoot],
])("out of %s", (_, attacksOn) => {
  test("no path leads, with any of the tools", async () => {
    const attacks = attacksOn(attacked);
    expect(attacks.length).toBeGreaterThanOrEqual(60);
    const before = stateOutside(attacked);
    expect(await faultsOf(attacks, await contextOf())).toEqual([]);
    expect(stateOutside(attacked)).toEqual(before);
  });
});

test("a hard link is not read and not edited, and what is written takes its place and leaves the other file", async () => {
  const context = await contextOf();
  const before = stateOutside(attacked);
  for (const path of ["hard.txt", join(attacked.root, "hard.txt")]) {
    for (const [tool, input] of callsAt(path).toReversed()) {
      const { text, isError } = await call(tool, input, context);
      const isWritten = tool === "write_file" || (tool === "read_file" && text === "overwritten");
      expect({ tool, isError }).toEqual({ tool, isError: !isWritten });
    }
  }
  expect(stateOutside(attacked)).toEqual(before);
});

test.each(["read_file", "list_files", "write_file", "edit_file"])(
  "%s says of what is outside that it is a matter of permission, and where files may be",
  async (tool) => {
    const context = await contextOf();
    const mayWrite = tool === "write_file" || tool === "edit_file";
    const unsafe = mayWrite ? `${attacked.dir}/unsafe/secrets.txt` : "/unsafe/secrets.txt";
    const outside = [unsafe, "../secrets.txt", "linkdir/x", `${attacked.root}/linkdir/x`];
    for (const path of outside) {
      const input = callsAt(path).find(([name]) => name === tool)?.[1];
      const { text, isError } = await call(tool, input, context);
      expect(isError).toBe(true);
      expect(JSON.parse(text)).toEqual({
        error: expect.stringMatching(/permission/),
        suggestion: expect.stringContaining(attacked.root),
      });
    }
  },
);

test("a root that can only be read is read, and neither written to nor edited", async () => {
  const context = await contextOf(false);
  const path = join(attacked.root, "ok.txt");
  expect(await call("read_file", { path }, context)).toMatchObject({ text: "fine\n" });
  for (const [tool, input] of [
    ["write_file", { path, content: "x" }],
    ["edit_file", { path, find: "fine", replace: "x" }],
  ] as const) {
    const { text, isError } = await call(tool, input, context);
    expect(isError).toBe(true);
    expect(JSON.parse(text)).toMatchObject({
      error: `permission denied: ${path} lies in ${attacked.root}, which can only be read.`,
    });
  }
  expect(readFileSync(path, "utf8")).toBe("fine\n");
});

/** Puts a link in the place of a folder and of a file, and takes it away again, for as long as it is told to. */
const SWAPPER = `
const { renameSync, existsSync } = require("node:fs");
const [ms, ...pairs] = process.argv.slice(1);
const end = Date.now() + Number(ms);
while (Date.now() < end) {
  for (const path of pairs) {
    try {
      renameSync(path, path + ".aside");
      renameSync(path + ".link", path);
      renameSync(path, path + ".link");
      renameSync(path + ".aside", path);
    } catch {
      try { if (existsSync(path + ".aside") && !existsSync(path)) renameSync(path + ".aside", path); } catch {}
    }
  }
}`;

test("while folders and files are swapped for links, nothing is read or written outside", async () => {
  const { filesDir, root, dir } = attacked;
  const outside = join(dir, "outside");
  const context = await contextOf();
  const places = [filesDir, root];
  for (const place of places) {
    symlinkSync(join(outside, "sub"), join(place, "sub.link"));
    symlinkSync(join(outside, "sub", SECRET_NAME), join(place, "ok.txt.link"));
    symlinkSync(outside, `${place}.link`);
  }
  const outsideAlone = (): readonly string[] =>
    stateOutside(attacked).filter((line) => line.startsWith(outside));
  const before = outsideAlone();
  const paths = places.flatMap((place) => [join(place, "sub"), join(place, "ok.txt"), place]);
  const child = spawn(process.execPath, ["-e", SWAPPER, "1500", ...paths], { stdio: "ignore" });
  const over = new Promise((done) => child.once("exit", done));
  const state = { isSwapping: true, calls: 0 };
  void over.then(() => (state.isSwapping = false));
  const told: string[] = [];
  const attack = async (path: string): Promise<void> => {
    const isThere = !path.includes(SECRET_NAME);
    const calls = callsAt(path).filter(([tool]) => isThere || tool !== "write_file");
    while (state.isSwapping) {
      for (const [tool, input] of calls) {
        const { text } = await call(tool, input, context);
        state.calls += 1;
        if (text.includes(SECRET) || (isThere && text.includes(SECRET_NAME))) told.push(text);
      }
    }
  };
  const aims = ["sub/ok.txt", `sub/${SECRET_NAME}`, "sub", "ok.txt", "."];
  await Promise.all(aims.flatMap((aim) => [attack(aim), attack(join(root, aim))]));
  await over;
  expect(told).toEqual([]);
  expect(state.calls).toBeGreaterThan(0);
  expect(outsideAlone()).toEqual(before);
});
