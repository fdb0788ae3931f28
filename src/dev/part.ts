// A part of the local stack: one process with an address, and a way to tell that it serves.

export type PartName = "temporal" | "postgres" | "model" | "worker" | "gateway";

export const PART_NAMES: readonly PartName[] = [
  "temporal",
  "postgres",
  "model",
  "worker",
  "gateway",
];

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
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
  readonly stopGraceMs: number;
  readonly isReady: (pid: number) => Promise<boolean>;
  /** The stack is ready without it, and stays where it does not start. */
  readonly isExtra?: boolean;
}
