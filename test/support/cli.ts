// Runs `pawl` in this process and returns what a shell would see.

import { runCli } from "../../src/cli/program.ts";
import type { RunClient } from "../../src/client/run-client.ts";
import type { World } from "./world.ts";

export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function pawl(
  client: RunClient,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  stdin?: Uint8Array,
): Promise<CliRun> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const exitCode = await runCli(args, {
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
    env,
    isTerminal: false,
    ...(stdin === undefined ? {} : { readStdin: async () => stdin }),
    openClient: async () => client,
  });
  return { exitCode, stdout: stdout.join(""), stderr: stderr.join("") };
}

/** On the backend of a world. A process of its own (cli-process.ts) would take a second to start. */
export async function pawlIn(world: World, args: readonly string[]): Promise<CliRun> {
  // Whoever opens a client closes it; this one is the world's.
  return await pawl({ ...world.client, close: async () => undefined }, args, world.env);
}

export function linesOf(text: string): readonly unknown[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}
