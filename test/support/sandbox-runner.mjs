// A process that runs programs of a file behind the lock, from the built code, and tells of each what came of it: one
// line of JSON. A test starts it as another user, or under another filter, and finds out whether it outlived them all.
// Beside them runs a program that does no harm, and a process that none of them may reach.

import { spawn } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bwrapProvider } from "../../dist/src/sandbox/bwrap.js";
import { chooseSandbox } from "../../dist/src/sandbox/choose-sandbox.js";
import { jailProvider } from "../../dist/src/sandbox/jail.js";
import { STANDARD_LIMITS } from "../../dist/src/sandbox/sandbox.js";
import { wasmProvider } from "../../dist/src/sandbox/wasm.js";
import { likeContainer } from "./container-filter.mjs";

const { values } = parseArgs({
  options: {
    programs: { type: "string" },
    tier: { type: "string", default: "jail" },
    uid: { type: "string" },
    container: { type: "boolean", default: false },
    /** Of a program that never ends. */
    wall: { type: "string", default: "2000" },
  },
});
if (values.container) likeContainer();
if (values.uid !== undefined) {
  process.setgroups([]);
  process.setgid(Number(values.uid));
  process.setuid(Number(values.uid));
}

const PROVIDERS = { bwrap: bwrapProvider, jail: jailProvider, wasm: wasmProvider };
/** Small enough that nothing here is felt by the machine. */
const LIMITS = {
  ...STANDARD_LIMITS,
  wallMs: Number(values.wall),
  memoryBytes: 192 * 1024 * 1024,
  outputBytes: 1024 * 1024,
};

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const sandbox = await chooseSandbox([PROVIDERS[values.tier](process.env)], values.tier);
if (sandbox.kind === "none") {
  tell({ kind: "none", why: sandbox.why });
  process.exit(1);
}
tell({ kind: "ready", languages: sandbox.languages, evidence: sandbox.evidence });

const bystander = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
  stdio: "ignore",
});
let bystanderEnd = null;
bystander.on("exit", (code, signal) => (bystanderEnd = signal ?? code));

const signal = new AbortController().signal;
const harmless = async () => {
  const code = "let n = 0; for (let i = 1; i <= 1e6; i += 1) n += i; console.log(n);";
  const limits = { ...LIMITS, wallMs: 60_000 };
  const { stdout } = await sandbox.run({ language: "javascript", code, files: [], limits, signal });
  return stdout === "500000500000\n";
};

const { marks, programs } = JSON.parse(readFileSync(values.programs, "utf8"));
const given = { ...marks, workerPid: process.pid, bystanderPid: bystander.pid };
/** Not so that a program could be killed for it: the machine may be slow. */
const WALL_WHERE_IT_ENDS_MS = 60_000;
const queue = [...programs];
const siblings = [];
async function workOff() {
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    const { name, language, endless = false } = one;
    const code = one.code.replace("MARKS", () => JSON.stringify(given));
    const limits = endless ? LIMITS : { ...LIMITS, wallMs: WALL_WHERE_IT_ENDS_MS };
    const startedAt = performance.now();
    const ran = await sandbox
      .run({ language, code, files: [], limits, signal })
      .catch((error) => ({ error: String(error) }));
    const ms = Math.round(performance.now() - startedAt);
    const files = ran.files?.map(({ path }) => path);
    tell({ kind: "ran", name, ms, ...ran, files, stdout: ran.stdout?.slice(0, 4000) });
  }
}
for (let count = 0; count < 3; count += 1) siblings.push(harmless());
await Promise.all([workOff(), workOff()]);
siblings.push(harmless());
const areWell = (await Promise.all(siblings)).every(Boolean);
bystander.kill();
tell({
  kind: "end",
  siblingsAreWell: areWell,
  bystanderEnd,
  left: leftovers(),
});
process.exit(0);

/** Children of ours, and whoever works in a folder of a program. */
function leftovers() {
  if (process.platform !== "linux") return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const others = pids.map(Number).filter((pid) => pid !== process.pid && pid !== bystander.pid);
  return others.flatMap((pid) => {
    try {
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      if (Number(parent) === process.pid) return [`child ${pid}`];
      const folder = readlinkSync(`/proc/${pid}/cwd`);
      return folder.startsWith(join(tmpdir(), "pawl-code-")) ? [`${pid} in ${folder}`] : [];
    } catch {
      return [];
    }
  });
}
