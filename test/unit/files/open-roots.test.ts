import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readConfig } from "../../../src/config.ts";
import { openRoots } from "../../../src/files/open-roots.ts";

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "pawl-roots-")));
  mkdirSync(join(dir, "data"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("PAWL_FILES_ROOTS", () => {
  const rootsOf = (text: string) => readConfig({ PAWL_FILES_ROOTS: text }).tools.filesRoots;

  test("names folders, each to be read or written", () => {
    expect(rootsOf("/data:ro, /out/:rw,")).toEqual([
      { path: "/data", isWritable: false },
      { path: "/out", isWritable: true },
    ]);
    expect(rootsOf("/a:b c:ro")).toEqual([{ path: "/a:b c", isWritable: false }]);
    expect(rootsOf("")).toEqual([]);
  });

  test.each([
    ["/data", /does not say ro or rw/],
    ["/data:rx", /does not say ro or rw/],
    ["data:ro", /data is no absolute path/],
    ["./data:ro", /no absolute path/],
    ["C:\\data:ro", /no absolute path/],
    [":ro", /no absolute path/],
    ["/:ro", /the whole machine/],
    ["//:rw", /the whole machine/],
    ["/data/../etc:ro", /no plain path/],
    ["/data//x:ro", /no plain path/],
    ["/da\u202eta:ro", /no plain path/],
    ["/proc:ro", /part of the machine/],
    ["/sys/kernel:ro", /part of the machine/],
    ["/dev/shm:rw", /part of the machine/],
    ["/data:ro,/data:rw", /names \/data twice/],
    ["/data:ro,/data/out:rw", /\/data\/out lies in \/data/],
    ["/data/out:rw,/data:ro", /\/data\/out lies in \/data/],
  ])("as %j is refused by name", (text, why) => {
    const read = (): unknown => rootsOf(text);
    expect(read).toThrow(why);
    expect(read).toThrow(/^The environment is not usable\. PAWL_FILES_ROOTS: /);
  });
});

describe("when a worker starts", () => {
  const open = (path: string, isWritable = true, closed: readonly string[] = []) =>
    openRoots([{ path, isWritable }], closed);

  test("a root is where it leads, under the name that runs use", async () => {
    symlinkSync(join(dir, "data"), join(dir, "link"));
    const [root] = await open(join(dir, "link"));
    expect(root).toMatchObject({ path: join(dir, "link"), place: { root: join(dir, "data") } });
  });

  test("one that can't be used keeps it from starting, in words", async () => {
    writeFileSync(join(dir, "file"), "");
    symlinkSync("circle", join(dir, "circle"));
    symlinkSync("/", join(dir, "machine"));
    const why = async (name: string): Promise<string> =>
      await open(join(dir, name)).then(
        () => "it was taken",
        (error: unknown) => String(error),
      );
    expect(await why("none")).toMatch(
      /PAWL_FILES_ROOTS: .*none can't be written to: it is not there\./,
    );
    expect(await why("file")).toMatch(/file is no folder\.$/);
    expect(await why("file/below")).toMatch(/a part of its path is no folder\.$/);
    expect(await why("circle")).toMatch(/its links go round in a circle\.$/);
    expect(await why("machine")).toMatch(/is \/, the whole machine\.$/);
  });

  const asUser = process.getuid?.() === 0 ? test.skip : test;
  asUser("one that this user may not use", async () => {
    chmodSync(join(dir, "data"), 0o500);
    await expect(open(join(dir, "data"))).rejects.toThrow(/can't be written to: permission denied/);
    await open(join(dir, "data"), false);
    chmodSync(join(dir, "data"), 0o000);
    await expect(open(join(dir, "data"), false)).rejects.toThrow(
      /can't be read: permission denied/,
    );
  });

  test("one in what Pawl keeps for itself is refused, and what lies in one is closed", async () => {
    const own = join(dir, "data", "state");
    await expect(open(dir, true, [dir])).rejects.toThrow(/Pawl keeps for itself/);
    await expect(open(join(dir, "data"), true, [dir])).rejects.toThrow(/Pawl keeps for itself/);
    expect(await open(join(dir, "data"), true, [own])).toMatchObject([
      { place: { closed: [{ steps: "state", id: null }] } },
    ]);
    mkdirSync(own);
    expect(await open(join(dir, "data"), true, [own, join(dir, "other")])).toMatchObject([
      { place: { closed: [{ steps: "state", id: expect.stringMatching(/^\d+\/\d+$/) }] } },
    ]);
  });

  test("two that are one by a link are refused", async () => {
    mkdirSync(join(dir, "data", "sub"));
    symlinkSync(join(dir, "data", "sub"), join(dir, "link"));
    const roots = ["data", "link"].map((name) => ({ path: join(dir, name), isWritable: false }));
    await expect(openRoots(roots, [])).rejects.toThrow(/by links, .*sub lies in .*data/);
  });
});
