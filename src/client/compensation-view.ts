// What viewers are told where an effect of a run was taken back, or could not be. Pure.

import type { Compensated, Effect } from "../domain/effect.ts";
import type { ToolCompensated } from "../domain/run-event.ts";
import type { EventBody } from "./event-body.ts";

/** `effects`: as they were before. One that is settled is told once. */
export function compensationNews(
  effects: readonly Effect[],
  { callId, undo }: Compensated,
): readonly EventBody<ToolCompensated>[] {
  const effect = effects.find((known) => known.callId === callId && known.undo.kind === "due");
  if (effect === undefined) return [];
  const { turn, tool } = effect;
  const message = undo.kind === "failed" ? undo.message : null;
  return [{ type: "tool.compensated", turn, callId, tool, undo: undo.kind, message }];
}
