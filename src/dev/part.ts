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

/** What those have for what is under way, whatever the settings say: who ends them does not know these. */
export const SHUTDOWN_GRACE_MS = { worker: 30_000, gateway: 9000 } as const;

/** After this long a process that was told to end is killed. */
export const STOP_GRACE_MS: Readonly<Record<PartName, number>> = {
  worker: SHUTDOWN_GRACE_MS.worker + 5000,
  gateway: SHUTDOWN_GRACE_MS.gateway + 2000,
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
