// What a tool is told of the call that it is executed for, or that it takes back.

import type { Log } from "../../src/telemetry/log.ts";
import type { OutputStream } from "./output-stream.ts";
import type { Answers } from "./tool-questions.ts";

/** The call that a tool is executed for. */
export interface ToolContext {
  readonly runId: string;
  readonly tenant: string;
  readonly callId: string;
  /** run/turn/index/arguments: the same for all attempts of a call, and for no other call. */
  readonly idempotencyKey: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborts when the run is cancelled, the worker stops or the time is over. */
  readonly signal: AbortSignal;
  heartbeat(details?: unknown): void;
  /** Shown to whoever watches, and kept nowhere; `share` from 0 to 1. Once a second is enough. */
  readonly progress: (text: string, share?: number) => void;
  /** What a person answered, by the id of the question; empty where nothing was asked. */
  readonly answers: Answers;
  /** What the execution before gave along with its questions. */
  readonly resume: string | null;
  readonly log: Log;
  readonly artefacts?: ArtefactReader;
  /** For output too large to be held: write to it, and return it. */
  readonly openOutput: () => OutputStream;
  /** The run's own folder for files; whoever writes first makes it. */
  readonly filesDir?: string;
  /** For whoever operates the worker: why a file could not be used, with the paths that no model is told. */
  readonly onFileTrouble?: (error: unknown) => void;
}

export interface ArtefactReader {
  /** From `offset`, in UTF-16 units; "" behind the end, null where there is no such artefact. */
  read(ref: string, offset: number, length: number): Promise<string | null>;
}

/** What a tool finds out about an earlier attempt that was lost. */
export type Verification =
  | { readonly kind: "happened"; readonly result: unknown }
  | { readonly kind: "absent" }
  | { readonly kind: "unknown" };

/** What is known of the call that is taken back. */
export type DoneCall =
  | {
      readonly outcome: "happened";
      /** What `execute` returned, as the model was told it: an object or a list as it was, else text. */
      readonly result: unknown;
    }
  /** An attempt was lost: undo what the call did, if it did anything. */
  | { readonly outcome: "unknown" };
