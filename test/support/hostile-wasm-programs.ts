// Programs that want out of QuickJS, where nothing of Node's is within reach. As hostile-programs.ts has them.

import type { HostileProgram } from "./hostile-programs.ts";

const TIME = { ends: ["time"], endless: true } as const;

const wasm = (
  name: string,
  code: string,
  more: Pick<HostileProgram, "ends" | "endless"> = {},
): HostileProgram => ({ name, language: "javascript", code: `${WASM}${code}`, ...more });

const WASM = `
const marks = MARKS;
const attempt = (act) => {
  try { const got = act(); if (got !== false) console.log("ESCAPED", String(got)); }
  catch (error) { console.log("refused", error.message); }
};
`;

/** For an interpreter that has nothing of Node's. */
export const WASM_PROGRAMS: readonly HostileProgram[] = [
  wasm(
    "looks for what is around it",
    `for (const name of ["process", "require", "fetch", "Worker", "WebAssembly", "std", "os", "__host"]) attempt(() => name in globalThis);`,
  ),
  wasm(
    "climbs from functions to their makers",
    `for (const one of [console.log, readFile, writeFile, listFiles]) attempt(() => typeof one.constructor("return this")().process !== "undefined");`,
  ),
  wasm(
    "reads and writes outside",
    `for (const path of [marks.secretFile, "../secret.txt", "a/../../secret.txt", "", ".", "/etc/hostname"]) { attempt(() => readFile(path)); attempt(() => writeFile(path, "x")); }`,
  ),
  wasm(
    "plays tricks with prototypes",
    `Object.prototype.toString = () => { throw 1; }; Array.prototype.map = () => ["tricked"]; JSON.stringify = () => { throw 2; }; attempt(() => { console.log({ a: 1 }); return false; });`,
  ),
  wasm("never ends", `for (;;);`, TIME),
  wasm("never ends between two promises", `(async () => { for (;;) await null; })();`, TIME),
  wasm("fills memory", `const all = []; for (;;) all.push("x".repeat(1e6) + all.length);`, {
    ends: ["memory", "itself", "time"],
  }),
  wasm("floods its output", `const line = "x".repeat(65536); for (;;) console.log(line);`, {
    ends: ["output"],
  }),
  wasm("calls itself for ever", `const f = () => f() + f(); f();`),
  wasm("writes many files", `for (let n = 0; ; n += 1) writeFile("file-" + n, "x");`, {
    ends: ["disk"],
  }),
];
