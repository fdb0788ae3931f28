// Running code that nobody has read: which kinds of lock there are, and what each must offer. A provider promises
// nothing before its probe has tried to get out (escapes.ts); which of them serves is choose-sandbox.ts.

import type { SandboxTier } from "../domain/sandbox-tier.ts";

export const LANGUAGES = ["javascript", "python"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A file of the program's folder, by its path in it. */
export interface FolderFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface CodeRun {
  readonly language: Language;
  readonly code: string;
  /** What lies in its folder when it begins. */
  readonly files: readonly FolderFile[];
  readonly limits: CodeLimits;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

export interface CodeLimits {
  readonly wallMs: number;
  readonly memoryBytes: number;
  readonly threads: number;
  /** Of what it writes to stdout and to stderr; more ends it. */
  readonly outputBytes: number;
  readonly fileBytes: number;
  readonly folderBytes: number;
  readonly folderEntries: number;
}

const MIB = 1024 * 1024;

export const STANDARD_LIMITS: CodeLimits = Object.freeze({
  wallMs: 10_000,
  memoryBytes: 256 * MIB,
  threads: 64,
  outputBytes: 4 * MIB,
  fileBytes: 8 * MIB,
  folderBytes: 32 * MIB,
  folderEntries: 500,
});

export interface CodeOutcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Null where it was killed. */
  readonly exitCode: number | null;
  readonly killedBy: Killer | null;
  /** What is new in its folder, or other than it was; nothing where it was killed. */
  readonly files: readonly FolderFile[];
  /** What else was new there: links, names that are no text. */
  readonly leftOut: readonly string[];
}

export interface Killer {
  readonly kind: "time" | "memory" | "threads" | "output" | "disk" | "file size" | "signal";
  /** What it did, in words for whoever wrote it. */
  readonly what: string;
}

export type Probe =
  | { readonly kind: "holds"; readonly languages: readonly Language[]; readonly evidence: string }
  | { readonly kind: "fails"; readonly why: string };

export interface SandboxProvider {
  readonly tier: SandboxTier;
  /** Tries to get out; never throws. */
  probe(): Promise<Probe>;
  /** Throws only where the lock itself can't be made, or `signal` aborts. */
  run(run: CodeRun): Promise<CodeOutcome>;
}
