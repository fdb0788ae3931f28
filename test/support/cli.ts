// Runs `pawl` in this process and returns what a shell would see.

import { runCli } from "../../src/cli/program.ts";
import type { RunClient } from "../../src/client/run-client.ts";
import type { World } from "./world.ts";

export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Who sits at a terminal, and answers what they are asked. */
export interface Person {
  readonly ask: (question: string) => Promise<string>;
}

/** `given`: what is piped in, or who sits at the terminal. */
export async function pawl(
  client: RunClient,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  given?: Uint8Array | Person,
): Promise<CliRun> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const exitCode = await runCli(args, {
    stdout: { write: (text) => stdout.push(text), columns: 80, rows: 24 },
    stderr: { write: (text) => stderr.push(text) },
    env,
    isTerminal: isPerson(given),
    ...(given instanceof Uint8Array && { readStdin: async () => given }),
    openClient: async () => client,
    ...(isPerson(given) && { ask: given.ask }),
  });
  return { exitCode, stdout: stdout.join(""), stderr: stderr.join("") };
}

function isPerson(given: Uint8Array | Person | undefined): given is Person {
  return given !== undefined && "ask" in given;
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
