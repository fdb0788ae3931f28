// Whether a reply is handed on: another model is asked the same, and the reply is no part of the conversation.

import { isAside } from "../purpose.ts";
import type { ModelCall, Reply } from "../call.ts";
import { isDispatchedInVain } from "./routing.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Memory, Models } from "./state.ts";

/** True where another model is to be asked the same: after a refusal, or a reply that was to call tools. */
export function isHandedOn(memory: Memory, call: ModelCall, reply: Reply): boolean {
  const { snapshot, models } = memory;
  const { purpose, course } = call;
  if (isAside(purpose) || isBound(memory)) return false;
  if (isDispatchedInVain(snapshot, course, reply)) return true;
  if (reply.stopReason !== "refusal") return false;
  const others = candidates(snapshot, models, course.wanted);
  return others.some((model) => model !== course.model);
}

/** The provider wants a paused turn back as it is, to go on with it. */
export function isBound({ models, talk }: Memory): boolean {
  return models.boundTo !== null || talk.trouble?.kind === "paused";
}

export function candidates(
  { fallbacks }: Snapshot,
  { refused }: Models,
  wanted: string,
): readonly string[] {
  const chain = fallbacks?.chains[wanted] ?? [];
  return [wanted, ...chain].filter((model) => !refused.includes(model));
}
