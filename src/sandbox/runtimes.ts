// The programs that run code natively, and the files that they need to begin: Node is the worker's own, Python the
// first that is found and can be started under the lock.

import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { homeIn } from "../process/home.ts";
import type { CodeLimits, Language } from "./sandbox.ts";

const MIB = 1024 * 1024;

export interface Runtime {
  readonly language: Language;
  /** For people: what and where. */
  readonly name: string;
  readonly command: string;
  args(mainFile: string, limits: CodeLimits): readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly readable: readonly string[];
  /** What it holds before a program has done anything. */
  readonly ownBytes: number;
  /** Whether it maps no more than it uses, so that this can be bounded too. */
  readonly mapsLittle: boolean;
}

const SYSTEM_FILES = [
  ...["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"],
  ...["/etc/localtime", "/usr/share/zoneinfo"],
];

/** Of the libraries there are: the kernel executes them with the program. */
export const LOADERS = [
  ...["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"],
  ...["/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"],
];

export function nodeRuntime(): Runtime {
  const command = realpathSync(process.execPath);
  return {
    language: "javascript",
    name: `node ${process.versions.node}`,
    command,
    args: (mainFile, { memoryBytes }) => [
      // No library of machine code is loaded, and the heap ends before the process does.
      ...["--no-addons", `--max-old-space-size=${Math.floor((0.75 * memoryBytes) / MIB)}`],
      mainFile,
    ],
    env: { OPENSSL_CONF: "/dev/null", UV_THREADPOOL_SIZE: "2" },
    readable: SYSTEM_FILES,
    ownBytes: 192 * MIB,
    mapsLittle: false,
  };
}

const ABOUT_ITSELF =
  "import json, platform, sys, sysconfig; print(json.dumps({'executable': sys.executable, " +
  "'version': platform.python_version(), 'paths': sys.path + [sysconfig.get_config_var('LIBDIR')]}))";

const aboutPython = z.object({
  executable: z.string().min(1),
  version: z.string(),
  paths: z.array(z.string().nullable()),
});

/** In the order in which a shell would find them, and the system's own. */
export async function pythonRuntimes(env: NodeJS.ProcessEnv): Promise<readonly Runtime[]> {
  const folders = [...(env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"];
  const found = [...new Set(folders.map((folder) => join(folder, "python3")))].filter(existsSync);
  const runtimes = await Promise.all(found.map((path) => pythonRuntime(path, env)));
  const known = new Map<string, Runtime>();
  for (const runtime of runtimes) {
    if (runtime !== null && !known.has(runtime.command)) known.set(runtime.command, runtime);
  }
  return [...known.values()];
}

async function pythonRuntime(path: string, env: NodeJS.ProcessEnv): Promise<Runtime | null> {
  try {
    const { stdout } = await promisify(execFile)(path, ["-E", "-s", "-c", ABOUT_ITSELF], {
      env: { PATH: env["PATH"], HOME: env["HOME"] },
      timeout: 20_000,
    });
    const { executable, version, paths } = aboutPython.parse(JSON.parse(stdout));
    return {
      language: "python",
      name: `python ${version}`,
      command: realpathSync(executable),
      args: (mainFile) => ["-E", "-s", "-B", mainFile],
      env: { PYTHONIOENCODING: "utf-8" },
      readable: [...SYSTEM_FILES, ...paths.filter((one) => one !== null).filter(isNarrow)],
      ownBytes: 64 * MIB,
      mapsLittle: true,
    };
  } catch {
    return null;
  }
}

/** A folder of libraries, and not one in which a library may lie among other things. */
function isNarrow(path: string): boolean {
  const wide = new Set(["/", homeIn(process.env), process.cwd()]);
  return path.startsWith("/") && !wide.has(path);
}
