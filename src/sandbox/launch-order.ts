// What the launcher is told: which program becomes of it, and what that program may.

export interface LaunchOrder {
  /** Gone before it is bound to us: then nobody waits for an answer. Null where another process lies between. */
  readonly parentPid: number | null;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The only folder in which it may write. */
  readonly folder: string;
  /** Files and folders it may read; what is not there is passed over. */
  readonly readable: readonly string[];
  /** Files it may execute: itself and its loader. */
  readonly executable: readonly string[];
  readonly identity: Identity;
  readonly limits: ProcessLimits;
}

export type Identity =
  /** A user that nobody else is; root alone can make itself one. */
  | { readonly kind: "apart"; readonly uid: number }
  /** That of the worker, without the capabilities it may have. */
  | { readonly kind: "same" };

export interface ProcessLimits {
  readonly memoryBytes: number;
  /** Of all that is mapped; null where the program reserves much more than it uses. */
  readonly addressBytes: number | null;
  readonly fileBytes: number;
  readonly descriptors: number;
  readonly cpuSeconds: number;
  readonly threads: number;
}

/** The launcher says here why it could not become the program; closed without a word where it did. */
export const LAUNCHER_FD = 3;
