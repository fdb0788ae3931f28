// What a supervisor leaves to those of its parts that are programs of ours: one line on a pipe that it
// holds open for as long as it lives. The pipe ends with it, however it dies: nobody has to look.

import type { Writable } from "node:stream";
import { z } from "zod";
import { PART_NAMES } from "./part.ts";

const WILL = z.object({
  stateDir: z.string(),
  temporalAddress: z.string(),
  namespace: z.string(),
  idleMs: z.number(),
  /** The parts without which no run goes on. */
  needed: z.array(z.enum(PART_NAMES)),
});

export type Will = Readonly<z.output<typeof WILL>>;

export function leaveWill(pipe: Writable, will: Will): void {
  // The part has died, which is told of elsewhere.
  pipe.on("error", () => undefined);
  pipe.write(`${JSON.stringify(will)}\n`);
}

/** Undefined where whoever held the pipe left none. */
export function readWill(said: string): Will | undefined {
  try {
    return WILL.parse(JSON.parse(said));
  } catch {
    return undefined;
  }
}
