// Faults in what the model says: the HTTP exchange is fine, the reply is not what one hoped for.

import { randomUUID } from "node:crypto";
import type { Draft, DraftBlock, ToolUseDraft } from "./draft.ts";
import type { ReplyFault } from "./faults.ts";
import type { MessagesRequest } from "./request.ts";
import { unreachable } from "./unreachable.ts";

export function withReplyFault(draft: Draft, fault: ReplyFault, request: MessagesRequest): Draft {
  switch (fault.kind) {
    case "empty_end_turn":
      return { blocks: [], stopReason: "end_turn" };
    case "unknown_stop_reason":
      return { ...draft, stopReason: fault.stopReason };
    case "refusal":
      return {
        blocks:
          fault.when === "pre" ? [] : [{ type: "text", text: "I can begin to explain that, but" }],
        stopReason: "refusal",
        refusalCategory: fault.category,
      };
    case "pause_turn":
      return { ...draft, blocks: pausedBlocks(), stopReason: "pause_turn" };
    case "parallel_calls":
      return { ...draft, blocks: repeated(withCall(draft, request), fault.count) };
    case "invalid_tool_json":
      return { ...draft, blocks: rejson(withCall(draft, request), () => fault.json) };
    case "max_tokens_mid_tool":
      return {
        ...draft,
        blocks: rejson(withCall(draft, request), (json) => json.slice(0, json.length / 2)),
        stopReason: "max_tokens",
      };
    default:
      return unreachable(fault);
  }
}

function pausedBlocks(): DraftBlock[] {
  const id = `srvtoolu_${randomUUID().replaceAll("-", "")}`;
  return [
    { type: "text", text: "I'm still searching." },
    { type: "server_tool_use", id, name: "web_search", input: { query: "more sources" } },
  ];
}

/** The blocks up to the first tool call; where none was planned, the first tool on offer is called. */
function withCall(
  draft: Draft,
  request: MessagesRequest,
): { before: DraftBlock[]; call: ToolUseDraft } {
  const at = draft.blocks.findIndex(({ type }) => type === "tool_use");
  const planned = draft.blocks[at];
  if (planned?.type === "tool_use") return { before: draft.blocks.slice(0, at), call: planned };
  const offered = request.tools?.find((tool) => "input_schema" in tool);
  const name = offered !== undefined && "name" in offered ? offered.name : "calculator";
  const call: ToolUseDraft = { type: "tool_use", name, input: { expression: "6 * 7" } };
  return { before: [...draft.blocks], call };
}

function repeated({ before, call }: ReturnType<typeof withCall>, count: number): DraftBlock[] {
  return [...before, ...Array.from({ length: count }, () => call)];
}

function rejson(
  { before, call }: ReturnType<typeof withCall>,
  change: (json: string) => string,
): DraftBlock[] {
  return [...before, { ...call, json: change(call.json ?? JSON.stringify(call.input)) }];
}
