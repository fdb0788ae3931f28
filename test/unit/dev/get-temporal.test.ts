import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildProgress, isNewEnough } from "../../../src/dev/build-temporal.ts";
import { downloadTemporal } from "../../../src/dev/download-temporal.ts";
import { findTemporal, installedTemporal } from "../../../src/dev/find-temporal.ts";
import { markOf } from "../../../src/dev/process-mark.ts";
import { archiveFor, TEMPORAL_VERSION } from "../../../src/dev/temporal-release.ts";
import { freePort, startProcess, until } from "../../support/processes.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-temporal-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const quiet = (): void => undefined;

function fakeCli(folder: string, script: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "temporal");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("a temporal on PATH is preferred to the one in the cache", async () => {
  const onPath = fakeCli(join(dir, "bin"), "echo temporal version 1.6.0");
  fakeCli(join(dir, "cache", "pawl", "bin"), "echo temporal version 1.5.1");
  const env = { PATH: join(dir, "bin"), XDG_CACHE_HOME: join(dir, "cache") };
  expect(await findTemporal(env, quiet)).toEqual({
    path: onPath,
    version: "temporal version 1.6.0",
    source: "path",
  });
});

test.each([
  ["XDG_CACHE_HOME", { XDG_CACHE_HOME: "", PATH: "/nowhere" }],
  ["PATH too", { XDG_CACHE_HOME: "", PATH: "" }],
])("an empty variable is none (case 12): %s", async (_, env) => {
  const cached = fakeCli(join(dir, ".cache", "pawl", "bin"), "echo temporal version 1.5.1");
  expect(await installedTemporal({ ...env, HOME: dir })).toMatchObject({ path: cached });
});

test("a binary that does not run is passed over for the next one", async () => {
  fakeCli(join(dir, "bin"), "exit 1");
  const cached = fakeCli(join(dir, "cache", "pawl", "bin"), "echo temporal version 1.5.1");
  const env = { PATH: join(dir, "bin"), XDG_CACHE_HOME: join(dir, "cache") };
  expect(await installedTemporal(env)).toMatchObject({ path: cached, source: "cache" });
});

test("Go is used from version 1.25 on", () => {
  expect(["1.24.9", "1.25", "1.26.8", "2.0"].map(isNewEnough)).toEqual([false, true, true, true]);
});

/** What a mirror, or somebody on the way, hands out as the release. */
async function downloaded(sha256: (archive: Buffer) => string): Promise<string> {
  fakeCli(dir, `touch ${join(dir, "was-executed")}; echo temporal version 9.9.9`);
  const archiveFile = join(dir, "a.tar.gz");
  execFileSync("tar", ["-czf", archiveFile, "-C", dir, "temporal"]);
  const bytes = readFileSync(archiveFile);
  const server = createServer((_request, response) => response.end(bytes));
  const releasesUrl = `http://127.0.0.1:${await listen(server)}`;
  const workDir = mkdtempSync(join(dir, "get-"));
  const archive = { path: "v9.9.9/a.tar.gz", sha256: sha256(bytes) };
  try {
    return await downloadTemporal(workDir, quiet, { archive, releasesUrl });
  } finally {
    server.close();
  }
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test("a download that is the release is unpacked", async () => {
  const path = await downloaded(sha256);
  expect(execFileSync(path, { encoding: "utf8" })).toBe("temporal version 9.9.9\n");
});

test.each([
  ["another archive", () => "0".repeat(64)],
  [
    "one that was changed by a byte",
    (bytes: Buffer) => sha256(Buffer.concat([bytes, Buffer.of(0)])),
  ],
  ["one whose sum is only alike", (bytes: Buffer) => sha256(bytes).slice(0, 63)],
])("a download that is %s is neither unpacked nor executed", async (_what, sum) => {
  await expect(downloaded(sum)).rejects.toThrow(/is not the release: its SHA-256 is/);
  expect(existsSync(join(dir, "was-executed"))).toBe(false);
  expect(
    readdirSync(dir).flatMap((name) =>
      name.startsWith("get-") ? readdirSync(join(dir, name)) : [],
    ),
  ).toEqual(["temporal.tar.gz"]);
});

test("what has no sum is not downloaded at all", async () => {
  const releasesUrl = "http://127.0.0.1:1";
  const download = downloadTemporal(dir, quiet, { archive: undefined, releasesUrl });
  await expect(download).rejects.toThrow(/no checksum is known/);
  expect(archiveFor("sunos", "x64")).toBeUndefined();
  expect(archiveFor("linux", "riscv64")).toBeUndefined();
});

test("the release has a sum for each platform, and Go builds the same version", () => {
  const targets = ["linux x64", "linux arm64", "darwin x64", "darwin arm64"];
  const archives = targets.map((target) => {
    const [platform = "", arch = ""] = target.split(" ");
    return archiveFor(platform, arch);
  });
  expect(new Set(archives.map((archive) => archive?.sha256)).size).toBe(4);
  for (const archive of archives) {
    expect(archive?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(archive?.path).toContain(`v${TEMPORAL_VERSION}/temporal_cli_${TEMPORAL_VERSION}_`);
  }
});

test("a download without a network says so", async () => {
  const releasesUrl = `http://127.0.0.1:${await freePort()}`;
  const archive = archiveFor("linux", "x64");
  const download = downloadTemporal(dir, quiet, { archive, releasesUrl });
  await expect(download).rejects.toThrow(/can't be reached/);
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

test("the progress of a build says how far it is, since when, and about how long it still takes", () => {
  const at = (compiled: number): string => buildProgress({ downloaded: 40, compiled }, 60);
  expect(at(0)).toBe("Building Temporal: downloaded 40 modules in 60 s …");
  expect(at(20)).toBe("Building Temporal: 20 of 1297 packages in 60 s …");
  expect(at(649)).toBe("Building Temporal: 649 of 1297 packages in 60 s, about 60 s to go …");
  expect(at(1297)).toContain("now it is linked");
});

test("who waits for another process that gets Temporal shows the progress of that one", async () => {
  const cache = join(dir, "cache", "pawl");
  mkdirSync(cache, { recursive: true });
  const lock = join(cache, "temporal.lock");
  const holder = startProcess("sleep", ["60"]);
  writeFileSync(lock, JSON.stringify(markOf(holder.pid)));
  writeFileSync(join(cache, "temporal.progress"), "half of it is there");
  const shown: string[] = [];
  const found = findTemporal({ PATH: "", XDG_CACHE_HOME: join(dir, "cache") }, (line) =>
    shown.push(line),
  );
  try {
    await until("its line is shown", () => shown.includes("half of it is there"));
    const got = fakeCli(join(cache, "bin"), "echo temporal version 1.5.1");
    await holder.kill();
    expect(await found).toMatchObject({ path: got, source: "cache" });
    expect(existsSync(join(cache, "temporal.progress"))).toBe(false);
  } finally {
    await holder.kill();
  }
});
