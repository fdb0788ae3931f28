// Loaded before the code of every part that is a program of ours (`node --import`): hears at once, and at
// no cost, that the supervisor is gone, since the pipe that it held ends.

import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";

const { stdin } = process;

// Threads inherit the arguments of their process.
if (isMainThread && stdin instanceof Socket) {
  let said = "";
  stdin.setEncoding("utf8");
  stdin.on("data", (text: string) => (said += text));
  stdin.on("error", () => undefined);
  stdin.once("close", () => void inherit(said));
  stdin.unref();
}

async function inherit(said: string): Promise<void> {
  const [{ readWill }, { outlive }] = await Promise.all([import("./will.ts"), import("./heir.ts")]);
  const will = readWill(said);
  if (will !== undefined) await outlive(will);
}
