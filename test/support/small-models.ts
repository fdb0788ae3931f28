// Makes what find-llama.ts names, once, by one process, and keeps it: minutes for llama.cpp's server, seconds for
// models and for the proxy. Packages are fetched by their ordinary client.

import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheDir } from "../../src/dev/cache-dir.ts";
import { releaseLock, takeLock } from "../../src/dev/process-lock.ts";
import { runCommand } from "../../src/dev/run-command.ts";
import {
  LITELLM,
  litellmFolder,
  LLAMA_CPP_PYTHON,
  llamaServer,
  modelFile,
  type SmallModel,
} from "./find-llama.ts";
import { until } from "./processes.ts";

export const BUILD_TIMEOUT_MS = 60 * 60_000;
const FETCH_TIMEOUT_MS = 15 * 60_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Path of the server. */
export async function llamaBuilt(): Promise<string> {
  return await madeOnce(llamaServer(), async (made, workDir) => {
    say(`Building llama.cpp's server of llama-cpp-python ${LLAMA_CPP_PYTHON}: minutes, once …`);
    const sdist = ["--no-binary", ":all:", "--no-deps", `llama-cpp-python==${LLAMA_CPP_PYTHON}`];
    await pip(["download", "-q", "-d", workDir, ...sdist]);
    const name = `llama_cpp_python-${LLAMA_CPP_PYTHON}`;
    await run("tar", ["-xzf", join(workDir, `${name}.tar.gz`), "-C", workDir]);
    const built = join(workDir, "build");
    const source = join(workDir, name, "vendor", "llama.cpp");
    await run("cmake", ["-S", source, "-B", built, ...CMAKE]);
    await run("cmake", ["--build", built, "--target", "llama-server", "-j2"], BUILD_TIMEOUT_MS);
    await rename(join(built, "bin", "llama-server"), made);
  });
}

const OFF = ["BUILD_SHARED_LIBS", "GGML_OPENMP", "LLAMA_OPENSSL", "LLAMA_BUILD_UI"];
const OFF_TOO = ["LLAMA_USE_PREBUILT_UI", "LLAMA_BUILD_APP", "LLAMA_BUILD_TESTS"];
const CMAKE = [
  "-DCMAKE_BUILD_TYPE=Release",
  ...[...OFF, ...OFF_TOO, "LLAMA_BUILD_EXAMPLES"].map((name) => `-D${name}=OFF`),
];

/** Path of the file of weights. */
export async function modelMade(model: SmallModel): Promise<string> {
  return await madeOnce(modelFile(model), async (made, workDir) => {
    say(`Fetching ${model.file}, once …`);
    await pip(["download", "-q", "--no-deps", "-d", workDir, ...model.packages]);
    const whole = join(workDir, model.file);
    const names = model.packages.map((name) => name.replace("==", "-").replaceAll("-", "_"));
    await run("python3", ["-c", JOIN, whole, workDir, ...names]);
    const sha256 = await digestOf(whole);
    if (sha256 !== model.sha256) throw new Error(`${model.file} has the digest ${sha256}`);
    await rename(whole, made);
  });
}

/** A wheel is a zip; its part of the file is all that is no code in it. */
const JOIN = `
import glob, re, shutil, sys, zipfile
made, folder, *names = sys.argv[1:]
with open(made, "wb") as out:
    for name in names:
        package, version = name.rsplit("_", 1)
        [wheel] = glob.glob(f"{folder}/{package}-{version}-*.whl")
        with zipfile.ZipFile(wheel) as parts:
            for part in sorted(n for n in parts.namelist() if re.search(r"/data/.*part\\d+(\\.bin)?$", n)):
                with parts.open(part) as source: shutil.copyfileobj(source, out, 1 << 20)
`;

/** Path of the proxy's command. */
export async function litellmInstalled(): Promise<string> {
  const folder = litellmFolder();
  const command = join(folder, "bin", "litellm");
  return await madeOnce(command, async () => {
    say(`Installing LiteLLM ${LITELLM}, once …`);
    await run("python3", ["-m", "venv", "--clear", folder]);
    await run(
      join(folder, "bin", "pip"),
      ["install", "-q", `litellm[proxy]==${LITELLM}`],
      FETCH_TIMEOUT_MS,
    );
  });
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(file), digest);
  return digest.digest("hex");
}

const run = async (file: string, args: readonly string[], timeoutMs = FETCH_TIMEOUT_MS) =>
  await runCommand(file, args, { timeoutMs, env: process.env });
const pip = async (args: readonly string[]) => await run("python3", ["-m", "pip", ...args]);

/** Another process that wants it too waits for the one that makes it. */
async function madeOnce(
  path: string,
  make: (made: string, workDir: string) => Promise<unknown>,
): Promise<string> {
  const folder = dirname(path);
  const lock = join(cacheDir(process.env), `${basename(path)}.lock`);
  await mkdir(folder, { recursive: true });
  const isMine = (): boolean => existsSync(path) || takeLock(lock);
  await until(`${path} is made`, isMine, BUILD_TIMEOUT_MS);
  try {
    if (!existsSync(path)) await makeIn((workDir) => make(path, workDir));
  } finally {
    releaseLock(lock);
  }
  return path;
}

/** On the disk of the cache, so that what is made is moved at once. */
async function makeIn(make: (workDir: string) => Promise<unknown>): Promise<void> {
  const workDir = await mkdtemp(join(cacheDir(process.env), "make-"));
  try {
    await make(workDir);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}
