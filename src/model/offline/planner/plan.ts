import { textDraft, type Draft } from "../draft.ts";
import type { MessagesRequest } from "../request.ts";
export function plan(request: MessagesRequest): Draft {
  return textDraft(`I'm the offline model: ${request.model}`, "thinking");
}
