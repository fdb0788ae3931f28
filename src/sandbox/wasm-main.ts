// The child of tier `wasm`: QuickJS in WebAssembly, and what a program finds in it: console, readFile, writeFile and
// listFiles over its folder. Only texts cross the border, in both directions, so that no object of ours is ever within
// reach of a program.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from "quickjs-emscripten-core";
import { isModule } from "./module-code.ts";

export interface WasmOrder {
  readonly main: string;
  readonly parentPid: number;
  readonly memoryBytes: number;
  readonly fileBytes: number;
}

const STACK_BYTES = 512 * 1024;
const TURN_MS = 1;
const PLAIN_PATH = /^[\w-][\w .-]*(?:\/[\w-][\w .-]*){0,6}$/;

/** `console` prints as Node does for what programs mostly print. */
const PRELUDE = `(() => {
  const { write, read, list, put } = globalThis.__host;
  delete globalThis.__host;
  const { stringify } = JSON;
  const text = (value) => {
    if (typeof value === "string") return value;
    if (typeof value === "object" && value !== null) {
      if (value instanceof Error) return String(value.stack ? value + "\\n" + value.stack : value);
      try { return stringify(value) ?? String(value); } catch { return String(value); }
    }
    return typeof value === "bigint" ? value + "n" : String(value);
  };
  const to = (fd) => (...values) => write(fd, values.map(text).join(" ") + "\\n");
  globalThis.console = { log: to(1), info: to(1), debug: to(1), warn: to(2), error: to(2) };
  globalThis.readFile = (path) => read(String(path));
  globalThis.writeFile = (path, content) => put(String(path), String(content));
  globalThis.listFiles = () => JSON.parse(list());
})();`;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own writing
const order = JSON.parse(process.argv[2] ?? "") as WasmOrder;
process.exit(await evaluate(order));

async function evaluate({ main, memoryBytes, parentPid, fileBytes }: WasmOrder): Promise<number> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types are those of its CommonJS twin
  const quickjs = await newQuickJSWASMModuleFromVariant(variant as unknown as QuickJSSyncVariant);
  const runtime = quickjs.newRuntime({
    memoryLimitBytes: memoryBytes,
    maxStackSizeBytes: STACK_BYTES,
  });
  // Nobody waits for it any more: it would run for ever.
  runtime.setInterruptHandler(() => {
    if (process.ppid !== parentPid) process.exit(1);
    return false;
  });
  const vm = runtime.newContext();
  offerHost(vm, fileBytes);
  vm.unwrapResult(vm.evalCode(PRELUDE, "prelude.js")).dispose();
  const code = readFileSync(main, "utf8");
  const type = isModule(code) ? "module" : "global";
  try {
    const result = vm.evalCode(code, main, { type });
    if (result.error !== undefined) return complain(vm, result.error);
    const settled = vm.resolvePromise(result.value);
    while (runtime.hasPendingJob()) {
      const jobs = runtime.executePendingJobs();
      if (jobs.error !== undefined) return complain(vm, jobs.error);
      await pause(TURN_MS);
    }
    const outcome = await Promise.race([settled, pause(TURN_MS, null)]);
    return outcome?.error === undefined ? 0 : complain(vm, outcome.error);
  } catch (error) {
    // A stack of ours that a program has used up, for example.
    writeSync(2, `${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function complain(vm: QuickJSContext, error: QuickJSHandle): number {
  const told: unknown = vm.dump(error);
  const said = typeof told === "object" && told !== null ? told : { message: String(told) };
  const word = (name: string): string => String(Reflect.get(said, name) ?? "");
  writeSync(2, `${[word("name"), word("message")].filter(Boolean).join(": ")}\n${word("stack")}\n`);
  return 1;
}

function offerHost(vm: QuickJSContext, fileBytes: number): void {
  const host = vm.newObject();
  const offer = (name: string, act: (...texts: readonly string[]) => string): void => {
    const handle = vm.newFunction(name, (...args) =>
      vm.newString(act(...args.map((arg) => vm.getString(arg)))),
    );
    vm.setProp(host, name, handle);
  };
  offer("write", (fd = "1", text = "") => {
    writeAll(fd === "2" ? 2 : 1, Buffer.from(text));
    return "";
  });
  offer("list", () => JSON.stringify(readdirSync(".", { recursive: true, encoding: "utf8" })));
  offer("read", (path = "") => {
    if (!PLAIN_PATH.test(path) || !existsSync(path)) throw new Error(`no such file: ${path}`);
    return readFileSync(path, "utf8");
  });
  offer("put", (path = "", content = "") => {
    if (!PLAIN_PATH.test(path)) throw new Error(`not a plain relative path: ${path}`);
    if (content.length > fileBytes) throw new Error(`a file has at most ${fileBytes} bytes`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return "";
  });
  vm.setProp(vm.global, "__host", host);
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}
