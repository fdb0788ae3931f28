// Server-side web search: the provider searches within the reply and the client only sees that it did.

import { randomUUID } from "node:crypto";
import { bundledCorpus, type DatedFact } from "../../src/corpus/search-corpus.ts";
import type { SearchHit, ServerResultDraft, ServerToolUseDraft } from "../draft.ts";
import { encodeHit } from "./request-view.ts";
import type { ToolAnswer } from "./tool-answer.ts";

const RESULTS_MAX = 5;

export interface ServerSearch {
  readonly use: ServerToolUseDraft;
  readonly result: ServerResultDraft;
  readonly answer: ToolAnswer;
}

export function searchOnServer(query: string, usesLeft: number): ServerSearch {
  const id = `srvtoolu_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
  const entries = usesLeft > 0 ? bundledCorpus().search(query, RESULTS_MAX) : [];
  const lines = entries.map(
    ({ title, text, source, date }, at) => `${at + 1}. ${title} — ${text} (${source}, ${date})`,
  );
  const content =
    usesLeft > 0
      ? entries.map((entry, at) => hit(entry, lines[at] ?? ""))
      : ({ type: "web_search_tool_result_error", error_code: "max_uses_exceeded" } as const);
  return {
    use: { type: "server_tool_use", id, name: "web_search", input: { query } },
    result: { type: "web_search_tool_result", tool_use_id: id, content },
    answer: {
      tool: "web_search",
      input: { query },
      text: usesLeft > 0 ? lines.join("\n") : "max_uses_exceeded",
      isError: usesLeft <= 0,
    },
  };
}

function hit({ title, source, date }: DatedFact, line: string): SearchHit {
  return {
    type: "web_search_result",
    url: `https://example.org/${encodeURIComponent(source)}`,
    title,
    encrypted_content: encodeHit(line),
    page_age: date,
  };
}
