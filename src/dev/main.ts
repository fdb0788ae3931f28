// Entry of the background process: the local stack of one state folder.

import { parseArgs } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { readConfig } from "../config.ts";
import { PART_NAMES } from "./part.ts";
import { lockHolder } from "./process-lock.ts";
import { runStack } from "./run-stack.ts";
import { liveStack, stateFiles } from "./stack-state.ts";

const { values } = parseArgs({
  options: {
    "state-dir": { type: "string" },
    parts: { type: "string", default: PART_NAMES.join() },
  },
});
const stateDir = values["state-dir"];
if (stateDir === undefined) throw new Error("--state-dir is missing");
const parts = values.parts.split(",");

try {
  const run = async (): Promise<"ended" | "already_running"> =>
    await runStack({
      stateDir,
      config: readConfig(),
      env: process.env,
      foreground: false,
      onProgress: () => undefined,
      parts: PART_NAMES.filter((name) => parts.includes(name)),
    });
  // Whoever has the folder either serves soon, or is about to end: then it is our turn.
  while ((await run()) === "already_running" && !(await isServedByOther(stateDir)));
  process.exit(0);
} catch {
  // The reason is in the log, where the command that waits for us reads it.
  process.exit(1);
}

/** Waits until it serves, or has let go of the folder. */
async function isServedByOther(dir: string): Promise<boolean> {
  while (lockHolder(stateFiles(dir).lock) !== undefined) {
    if (liveStack(dir) !== undefined) return true;
    await pause(100);
  }
  return false;
}
