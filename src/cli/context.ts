// What a command works with. Heavy modules are imported by the command that needs them, when it runs:
// `pawl --help` must answer at once.

import type { RunClient } from "../client/run-client.ts";
import type { Config } from "../config.ts";
import type { StackPurpose } from "../dev/ensure-stack.ts";
import type { StackState } from "../dev/stack-state.ts";
import type { Keyboard } from "./keyboard.ts";
import { toldWaits } from "./told-waits.ts";

export interface Output {
  write(text: string): unknown;
  /** Of a terminal. */
  readonly columns?: number;
  readonly rows?: number;
}

export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  /** What `.env` adds is written into it. */
  readonly env: NodeJS.ProcessEnv;
  /** The text of the folder's `.env`; not set where none shall be read. */
  readonly readDotEnv?: () => string;
  /** True where a person reads stdout as it is written. */
  readonly isTerminal: boolean;
  /** All that is piped in, up to its end; not set where there is nothing. */
  readonly readStdin?: (bytesMax?: number) => Promise<Uint8Array>;
  /** Where a person types while they watch a run; not set where stdin is a pipe or a file. */
  readonly keyboard?: Keyboard;
  /** Asks that person, and waits for the line that they answer; not set where nobody could. */
  readonly ask?: Ask;
  /** Replaces the real backend; for tests and for programs that embed the CLI. */
  readonly openClient?: OpenClient;
}

export type Ask = (question: string) => Promise<string>;

export type OpenClient = (config: Config, say: (line: string) => void) => Promise<RunClient>;

export interface CliContext extends CliIo {
  /** The exit code of the command that ran. */
  exitCode: number;
}

/** Runs `work` with a client and closes it, whatever happens. `to`: a local stack is taken as it is unless a run is started. */
export async function withClient(
  context: CliContext,
  work: (client: RunClient, config: Config) => Promise<number | void>,
  to: StackPurpose = "use",
): Promise<void> {
  const { readConfig } = await import("../config.ts");
  const config = readConfig(context.env);
  const open = context.openClient ?? openBackend(context, to);
  const say = (line: string): void => void context.stderr.write(`${line}\n`);
  const client = toldWaits(await open(config, say), say);
  try {
    context.exitCode = (await work(client, config)) ?? 0;
  } finally {
    await client.close();
  }
}

function openBackend(context: CliContext, to: StackPurpose): OpenClient {
  return async (config, say) => {
    const [{ connect }, { createRunClient }] = await Promise.all([
      import("../client/connect.ts"),
      import("../client/run-client.ts"),
    ]);
    const stack = await stackFor(context, config, { say, to });
    return createRunClient(await (stack === null ? connect(config) : connect(config, stack)));
  };
}

/** With TEMPORAL_ADDRESS nothing is started (null); else the local stack serves, started if need be. */
export async function stackFor(
  { env }: Pick<CliContext, "env">,
  config: Config,
  { say, to = "use" }: { readonly say: (line: string) => void; readonly to?: StackPurpose },
): Promise<StackState | null> {
  if (config.temporal.address !== undefined) return null;
  const { ensureStack } = await import("../dev/ensure-stack.ts");
  return await ensureStack({ config, env, to }, say);
}
