// Tier `wasm`: JavaScript in QuickJS, an interpreter that is WebAssembly and has nothing but what it is given, within a
// child process that can be killed. For systems without Landlock: the child itself is locked in by nobody, so all
// rests on WebAssembly. It knows neither Node's modules nor Python.

import { packageFile } from "../package-root.ts";
import { tryToEscape } from "./escapes.ts";
import { mainFileFor, outcomeOf } from "./native-program.ts";
import type { CodeOutcome, CodeRun, SandboxProvider } from "./sandbox.ts";
import { makeScratch } from "./scratch-folder.ts";
import type { WasmOrder } from "./wasm-main.ts";
import { watchedChild } from "./watched-child.ts";

const INTERPRETER = packageFile("dist/src/sandbox/wasm-main.js");
const MIB = 1024 * 1024;
/** Of the child besides what the program may use. */
const OWN_HEAP_MB = 64;
const OWN_BYTES = 192 * MIB;

export function wasmProvider(): SandboxProvider {
  return {
    tier: "wasm",
    async probe() {
      const tried = await tryToEscape("javascript", runInWasm);
      if (tried.kind !== "shut") return { kind: "fails", why: tried.why };
      return { kind: "holds", languages: ["javascript"], evidence: "QuickJS, JavaScript only" };
    },
    run: runInWasm,
  };
}

async function runInWasm(run: CodeRun): Promise<CodeOutcome> {
  if (run.language !== "javascript") throw new Error(`${run.language} can't be run here`);
  const main = { path: mainFileFor(run), bytes: Buffer.from(run.code) };
  const files = [...run.files, main];
  const { limits, signal } = run;
  const scratch = await makeScratch({ files, uid: null, limits });
  try {
    const { memoryBytes, fileBytes } = limits;
    const order: WasmOrder = { main: main.path, parentPid: process.pid, memoryBytes, fileBytes };
    const end = await watchedChild(
      {
        command: process.execPath,
        args: [`--max-old-space-size=${OWN_HEAP_MB}`, INTERPRETER, JSON.stringify(order)],
        env: {},
        cwd: scratch.path,
      },
      {
        limits: { ...limits, memoryBytes: memoryBytes + OWN_BYTES },
        signal,
        lookAtFolder: () => scratch.look(),
      },
    );
    if (end.launcherSaid !== "" && end.killedBy === null) throw new Error(end.launcherSaid);
    return await outcomeOf(end, { run, scratch, given: files });
  } finally {
    await scratch.remove();
  }
}
