// What a tool changed in the world for a run, and what became of taking it back. An effect of which nobody heard
// the end counts as one: it may have happened, and then it must not stay.

/** What one call left in the world, by reference: it travels with the run. */
export interface Effect {
  readonly callId: string;
  readonly turn: number;
  readonly tool: string;
  /** The reply that holds the call and its arguments. */
  readonly replyRef: string;
  /** What the tool answered; null where nobody knows whether it happened. */
  readonly answerRef: string | null;
  /** Executed instead of the model's arguments. */
  readonly editedInput?: Readonly<Record<string, unknown>>;
  readonly undo: Undo;
}

/**
 * `undone`: it happened, and is taken back. `absent`: it had not happened, or was gone. `failed`: it stands, though
 * its tool knows how to take it back. `impossible`: its tool does not.
 */
export type Undo = { readonly kind: "due" | "impossible" } | Undone;
export type Undone = TakenBack | { readonly kind: "failed"; readonly message: string };

/** It is not in the world any more, or never was. */
export interface TakenBack {
  readonly kind: "undone" | "absent";
}

/** What becomes of them where the run fails or is cancelled. */
export const ON_FAILURE = ["undo", "keep"] as const;
export type OnFailure = (typeof ON_FAILURE)[number];

/** An effect as a result names it. `kept`: nobody has tried to take it back. */
export interface Compensation {
  readonly callId: string;
  readonly tool: string;
  readonly undo: Exclude<Undo["kind"], "due"> | "kept";
  /** Where it stands and nobody knows whether it had happened. */
  readonly isUnsure?: true;
  readonly message?: string;
}

/** What came of taking one back. */
export interface Compensated {
  readonly kind: "compensated";
  readonly callId: string;
  readonly undo: Undone;
}

export function notCompensated(callId: string, message: string): Compensated {
  return { kind: "compensated", callId, undo: { kind: "failed", message } };
}

export function compensationOf({ callId, tool, answerRef, undo }: Effect): Compensation {
  const stands = undo.kind !== "undone" && undo.kind !== "absent";
  return {
    callId,
    tool,
    undo: undo.kind === "due" ? "kept" : undo.kind,
    ...(stands && answerRef === null && { isUnsure: true as const }),
    ...(undo.kind === "failed" && { message: undo.message }),
  };
}

/** The newest that is still to be taken back, for the last is undone first; null where none is. */
export function nextToUndo(effects: readonly Effect[]): Effect | null {
  return effects.findLast(({ undo }) => undo.kind === "due") ?? null;
}

export function withUndone(
  effects: readonly Effect[],
  { callId, undo }: Omit<Compensated, "kind">,
): readonly Effect[] {
  return effects.map((effect) => (effect.callId === callId ? { ...effect, undo } : effect));
}
