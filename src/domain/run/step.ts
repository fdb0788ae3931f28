// What a run does next: one step, decided from what it remembers and performed by the workflow.

import type { Look, ModelCall } from "../call.ts";
import type { Effect } from "../effect.ts";
import type { Outcome } from "../outcome.ts";
import type { Wait } from "./state.ts";

export type Step =
  | { readonly kind: "open" }
  | { readonly kind: "ask"; readonly call: ModelCall }
  | { readonly kind: "look"; readonly look: Look }
  /** Clear the open calls, execute them, and hand the model an answer to each. */
  | { readonly kind: "answer" }
  /** Until its time is over, or a person or a raised cap ends it. `isNew`: nobody was told of it yet. */
  | { readonly kind: "wait"; readonly wait: Wait; readonly isNew: boolean }
  /** Paused by a person, until one resumes it. */
  | { readonly kind: "rest" }
  /** Take one effect back, before the run closes with this outcome. */
  | { readonly kind: "compensate"; readonly effect: Effect; readonly outcome: Outcome }
  | { readonly kind: "close"; readonly outcome: Outcome }
  | { readonly kind: "return" };
