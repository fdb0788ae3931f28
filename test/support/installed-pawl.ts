// Pawl as somebody has it who never saw this repository: packed, and installed into an empty folder.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packageFile } from "../../src/package-root.ts";
import { startCommand } from "./cli-process.ts";
import type { CliRun } from "./cli.ts";

const run = promisify(execFile);

export interface Tarball {
  readonly path: string;
  /** Paths in the package. */
  readonly files: readonly string[];
  remove(): void;
}

/** Of the build that is there: what npm would run before is what the tests have run. */
export async function packPawl(): Promise<Tarball> {
  const dir = mkdtempSync(join(tmpdir(), "pawl-pack-"));
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", dir];
  const { stdout } = await run("npm", args, { cwd: packageFile(""), maxBuffer: 16 * 1024 * 1024 });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (packed === undefined) throw new Error(`npm pack said nothing of a package: ${stdout}`);
  return {
    path: join(dir, packed.filename),
    files: packed.files.map(({ path }) => path),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export interface Project {
  readonly dir: string;
  write(path: string, text: string): void;
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliRun>;
  remove(): void;
}

const { PATH, HOME, XDG_CACHE_HOME, TMPDIR } = process.env;

/** Scripts of packages run as npm runs them, so one of ours would show. */
export async function installIn(tarball: Tarball): Promise<Project> {
  const dir = mkdtempSync(join(tmpdir(), "pawl-user-"));
  const remove = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "user", private: true }));
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
  try {
    await run("npm", ["install", ...quiet, tarball.path], { cwd: dir });
  } catch (error) {
    remove();
    throw error;
  }
  return {
    dir,
    write(path, text) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    },
    run: (command, args, env = {}) =>
      startCommand(command, args, { PATH, HOME, XDG_CACHE_HOME, TMPDIR, ...env }, dir).ended,
    remove,
  };
}
