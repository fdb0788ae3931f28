// How a tool takes back what a call of it did. Invariants of `takeBack`:
//   X5. What can be asked for is asked for first: what is not in the world is not taken back, and nothing is twice.
//   X6. It throws where it is not known to have succeeded; `absent` and `undone` are said of what is known.

import type { TakenBack } from "../../src/domain/effect.ts";
import type { DoneCall, ToolContext, Verification } from "./tool-context.ts";

interface CanTakeBack<Input> {
  verify?(input: Input, context: ToolContext): Verification | Promise<Verification>;
  compensate?(input: Input, done: DoneCall, context: ToolContext): unknown;
}

export async function takeBack<Input>(
  tool: CanTakeBack<Input>,
  { input, done }: { readonly input: Input; readonly done: DoneCall },
  context: ToolContext,
): Promise<TakenBack> {
  const found = await tool.verify?.(input, context);
  if (found?.kind === "absent") {
    // It was there, and an attempt before this one may have got so far.
    const isOurs = context.attempt > 1 && done.outcome === "happened";
    return { kind: isOurs ? "undone" : "absent" };
  }
  const known = found?.kind === "happened" ? { outcome: found.kind, result: found.result } : done;
  await tool.compensate?.(input, known, context);
  return { kind: "undone" };
}
