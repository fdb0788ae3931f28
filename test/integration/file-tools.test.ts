// The file tools in the processes that they run in: in a run, offered as they are and called by a model; as a user who
// may do less; and by several processes at once.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { packageFile } from "../../src/package-root.ts";
import {
  attacksOnRoot,
  attacksOnRun,
  callsAt,
  openAttacked,
  SECRET,
  SECRET_NAME,
  stateOutside,
} from "../support/file-attacks.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

interface Answer {
  readonly text: string;
  readonly isError: boolean;
}

async function answersOf(order: object): Promise<readonly Answer[]> {
  const child = spawn(process.execPath, [packageFile("test/support/tool-caller.mjs")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify({ roots: [], closed: [], ...order }));
  return JSON.parse(await text(child.stdout)) as readonly Answer[];
}

describe("in a run", () => {
  let world: World;
  let dir: string;
  beforeAll(async () => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), "pawl-file-tools-")));
    for (const name of ["data", "out"]) mkdirSync(join(dir, name));
    writeFileSync(join(dir, "data", "figures.csv"), "year,sum\n2025,7\n");
    world = await openWorld({
      workerMain: "test/support/tester-worker.mjs",
      env: {
        PAWL_FILES_DIR: join(dir, "files"),
        PAWL_FILES_ROOTS: `${dir}/data:ro,${dir}/out:rw`,
        PAWL_TOOL_POLICY: "write_file=allow,edit_file=allow",
      },
    });
    await world.startWorker();
  }, 240_000);
  afterAll(async () => {
    await world?.close();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  test("files are listed, read, written and edited by calls of one turn, and what is outside is not", async () => {
    const call = (name: string, input: object) => ({ name, input });
    const edit = (find: string) =>
      call("edit_file", { path: "notes.md", find, replace: `${find}!` });
    await world.model.script([
      { reply: { toolCalls: [call("write_file", { path: "notes.md", content: "a\nb\nc\nd\n" })] } },
      { reply: { toolCalls: ["a", "b", "c", "d"].map(edit) } },
      {
        reply: {
          toolCalls: [
            call("list_files", { path: `${dir}/data` }),
            call("read_file", { path: `${dir}/data/figures.csv` }),
            call("write_file", { path: `${dir}/out/sum.txt`, content: "7" }),
            call("write_file", { path: `${dir}/data/figures.csv`, content: "0" }),
            call("read_file", { path: "/unsafe/secrets.txt" }),
          ],
        },
      },
      { reply: { text: "Done." } },
    ]);
    const { runId } = await world.client.start({
      ...{ task: "Go.", tenant: "test", session: "test", agent: "tester" },
    });
    const told: string[] = [];
    for await (const event of world.client.watch(runId)) {
      if (event.type === "tool.finished") told.push(event.preview);
    }
    expect(readFileSync(join(dir, "files", "test", runId, "notes.md"), "utf8")).toBe(
      "a!\nb!\nc!\nd!\n",
    );
    expect(readFileSync(join(dir, "out", "sum.txt"), "utf8")).toBe("7");
    expect(readFileSync(join(dir, "data", "figures.csv"), "utf8")).toBe("year,sum\n2025,7\n");
    const all = told.join("\n");
    expect(all).toContain("figures.csv (16 bytes)");
    expect(all).toContain("2025,7");
    expect(all).toMatch(/permission denied: .*figures\.csv lies in .*data, which can only be read/);
    expect(all).toMatch(/permission denied: .*\/unsafe\/secrets\.txt.* is outside/);
    const sent = JSON.stringify((await world.model.requests())[0]);
    expect(sent).toContain(`these are possible: ${dir}/data (read only), ${dir}/out.`);
    expect(sent).toContain(`these are possible: ${dir}/out.`);
  });
});

describe("in processes of their own", () => {
  let filesDir: string;
  afterEach(() => rmSync(filesDir, { recursive: true, force: true }));

  test("edits of one file by several at once are all made, each once", async () => {
    filesDir = mkdtempSync(join(tmpdir(), "pawl-edits-"));
    const names = Array.from({ length: 24 }, (_, at) => `<${at}>`);
    writeFileSync(join(filesDir, "a.txt"), names.join("\n"));
    const calls = names.map((find) => [
      "edit_file",
      { path: "a.txt", find, replace: `${find} done` },
    ]);
    const shares = [0, 1, 2].map((share) => calls.filter((_, at) => at % 3 === share));
    const answers = await Promise.all(
      shares.map((share) => answersOf({ filesDir, calls: share, atOnce: true })),
    );
    expect(answers.flat().filter(({ isError }) => isError)).toEqual([]);
    expect(readFileSync(join(filesDir, "a.txt"), "utf8")).toBe(
      names.map((name) => `${name} done`).join("\n"),
    );
  });
});

const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot("no path leads out for a user who owns the places and nothing else either", async () => {
  const attacked = await openAttacked();
  try {
    const { filesDir, root, closed } = attacked;
    execFileSync("chown", ["-hR", `${NOBODY}:${NOBODY}`, filesDir, root]);
    const before = stateOutside(attacked);
    const attacks = [...attacksOnRun(attacked), ...attacksOnRoot(attacked)];
    const asked = attacks.flatMap(({ path, isRefused, mayWrite }) =>
      callsAt(path, mayWrite).map((call) => ({ call, path, isRefused })),
    );
    const fine = ["read_file", { path: "ok.txt" }];
    const [first, ...answers] = await answersOf({
      ...{ user: NOBODY, filesDir, closed: [closed] },
      roots: [{ path: root, isWritable: true }],
      calls: [fine, ...asked.map(({ call }) => call)],
    });
    expect(first).toMatchObject({ text: "fine\n" });
    expect(answers).toHaveLength(asked.length);
    const faults = answers.flatMap(({ text: told, isError }, at) => {
      const { call, path = "", isRefused = true } = asked[at] ?? {};
      const isTold =
        told.includes(SECRET) || (!path.includes(SECRET_NAME) && told.includes(SECRET_NAME));
      return (isRefused && !isError) || isTold ? [JSON.stringify(call)] : [];
    });
    expect(faults).toEqual([]);
    expect(stateOutside(attacked)).toEqual(before);
  } finally {
    await attacked.close();
  }
});
