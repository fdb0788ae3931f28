// A part of the local stack: one process with an address, and a way to tell that it serves.

export type PartName = "temporal" | "postgres" | "model" | "worker" | "gateway";

export const PART_NAMES: readonly PartName[] = [
  "temporal",
  "postgres",
  "model",
  "worker",
  "gateway",
];

/** Those that are of use to nobody alone end first, while what they use still serves. */
export const ENDING_ORDER: readonly (readonly PartName[])[] = [
  ["worker", "gateway"],
  ["temporal", "postgres", "model"],
];

/** After this long a process that was told to end is killed. */
export const STOP_GRACE_MS: Readonly<Record<PartName, number>> = {
  // Its own grace time for a model call in flight is 30 s.
  worker: 35_000,
  // It gives requests that are under way nine seconds.
  gateway: 11_000,
  temporal: 5000,
  postgres: 5000,
  model: 3000,
};

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where it runs; where the supervisor does, unless set. */
  readonly cwd?: string;
  /** Of a program of ours: it looks after the others where the supervisor is killed (heir.ts). */
  readonly isHeir?: true;
}

export interface Part {
  readonly name: PartName;
  /** Parts that must serve before this one is started. */
  readonly after: readonly PartName[];
  /** Asked before every start of the process. */
  readonly command: () => Promise<Command>;
  /** What the process prints goes to this file, so that it lives on if its supervisor dies. */
  readonly logFile: string;
  readonly startTimeoutMs: number;
  readonly isReady: (pid: number) => Promise<boolean>;
  /** The stack is ready without it, and stays where it does not start. */
  readonly isExtra?: boolean;
}
