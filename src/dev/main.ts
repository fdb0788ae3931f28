// Entry of the background process: the local stack of one state folder.

import { parseArgs } from "node:util";
import { PART_NAMES } from "./part.ts";
import { runStack } from "./run-stack.ts";

const { values } = parseArgs({
  options: {
    "state-dir": { type: "string" },
    "idle-minutes": { type: "string", default: "15" },
    parts: { type: "string", default: PART_NAMES.join() },
  },
});
const stateDir = values["state-dir"];
if (stateDir === undefined) throw new Error("--state-dir is missing");
const parts = values.parts.split(",");

try {
  await runStack({
    stateDir,
    stackIdleMinutes: Number(values["idle-minutes"]),
    env: process.env,
    foreground: false,
    onProgress: () => undefined,
    parts: PART_NAMES.filter((name) => parts.includes(name)),
  });
  process.exit(0);
} catch {
  // The reason is in the log, where the command that waits for us reads it.
  process.exit(1);
}
