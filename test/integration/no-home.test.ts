// Case 20: a container gives a process any number for a user, whom no list of users knows and who has no home. What
// runs for other users runs for such a one, the local stack with its Temporal included.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import {
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { findTemporal } from "../../src/dev/find-temporal.ts";
import { packageFile } from "../../src/package-root.ts";
import { slowTest } from "../support/tier.ts";

const run = promisify(execFile);

const STRANGER = { uid: 12_345, gid: 12_345 };
const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? test : test.skip;
const PATH = [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
const SPARE = "/state";

let dir: string;
let own: string;
let closed: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-stranger-"));
  [own, closed] = [join(dir, "own"), join(dir, "closed")];
  mkdirSync(own);
  mkdirSync(closed, { mode: 0o700 });
  if (!isRoot) return;
  for (const path of [dir, own]) chownSync(path, STRANGER.uid, STRANGER.gid);
});
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));

/** What a process says of a module of ours, in a folder that it may write to. */
async function told(module: string, words: string, options: object): Promise<unknown> {
  const script = `
    const ours = await import(${JSON.stringify(packageFile(`dist/src/${module}`))});
    console.log(JSON.stringify(${words}));`;
  const args = ["--input-type=module", "--eval", script];
  const { stdout } = await run(process.execPath, args, { cwd: own, ...options });
  return JSON.parse(stdout);
}

async function cacheAt(HOME: string | undefined, options: object = {}): Promise<unknown> {
  const words = `ours.cacheDir(process.env, ${JSON.stringify(SPARE)})`;
  return await told("dev/cache-dir.js", words, { env: { PATH, HOME }, ...options });
}

test("who has an empty HOME, or none, has the home that the list of users tells", async () => {
  const known = await cacheAt(userInfo().homedir);
  expect(await Promise.all([cacheAt(""), cacheAt(undefined)])).toEqual([known, known]);
});

asRoot(
  "whom no list knows has a home where HOME names one, and else the state folder",
  async () => {
    const homes = [undefined, "", "/", "/nonexistent", closed, own];
    const found = await Promise.all(homes.map(async (home) => await cacheAt(home, STRANGER)));
    const spare = Array.from({ length: 5 }, () => join(SPARE, "cache"));
    expect(found).toEqual([...spare, join(own, ".cache", "pawl")]);
  },
);

const withPython = isRoot && existsSync("/usr/bin/python3") ? test : test.skip;
withPython("whom no list knows has Python for programs all the same", async () => {
  const words = "(await ours.pythonRuntimes(process.env)).map(({ language }) => language)";
  for (const HOME of [undefined, ""]) {
    const options = { env: { PATH, HOME }, ...STRANGER };
    expect(await told("sandbox/runtimes.js", words, options)).toContain("python");
  }
});

(isRoot ? slowTest : test.skip)(
  "whom no list knows is answered by a local stack of his own",
  async () => {
    const { path } = await findTemporal(process.env, () => undefined);
    const bin = join(dir, "bin");
    mkdirSync(bin);
    placeAt(join(bin, "temporal"), path);
    const env = { PATH: [bin, PATH].join(delimiter), PAWL_STATE_DIR: join(dir, "state") };
    const pawl = async (...args: readonly string[]): Promise<string> => {
      const all = [packageFile("bin/pawl.js"), ...args];
      return (await run(process.execPath, all, { env, cwd: own, ...STRANGER })).stdout;
    };
    try {
      expect(await pawl("run", "What is 2 + 2?")).toContain("4");
      const doctor = await pawl("doctor").catch(({ stdout }: { stdout: string }) => stdout);
      expect(doctor).toMatch(/home.*no home folder that can be written to.*state\/cache/);
    } finally {
      await pawl("stop");
    }
  },
  240_000,
);

/** Its own folder may be closed to others. */
function placeAt(path: string, from: string): void {
  try {
    linkSync(from, path);
  } catch {
    copyFileSync(from, path);
  }
}
