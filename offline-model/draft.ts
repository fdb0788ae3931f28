// What the model means to say, before ids, signatures and limits are put on it. The planner and the
// scripts write drafts; reply.ts turns one into a reply.

export interface TextDraft {
  readonly type: "text";
  readonly text: string;
}

export interface ToolUseDraft {
  readonly type: "tool_use";
  /** Without it: one of its own. */
  readonly id?: string;
  readonly name: string;
  readonly input: unknown;
  /** The JSON on the wire, where it is not simply `input`: broken or cut. */
  readonly json?: string;
}

export interface ServerToolUseDraft {
  readonly type: "server_tool_use";
  readonly id: string;
  readonly name: "web_search";
  readonly input: { readonly query: string };
}

export interface SearchHit {
  readonly type: "web_search_result";
  readonly url: string;
  readonly title: string;
  readonly encrypted_content: string;
  readonly page_age: string | null;
}

export interface SearchError {
  readonly type: "web_search_tool_result_error";
  readonly error_code: "max_uses_exceeded" | "unavailable";
}

export interface ServerResultDraft {
  readonly type: "web_search_tool_result";
  readonly tool_use_id: string;
  readonly content: readonly SearchHit[] | SearchError;
}

export type DraftBlock = TextDraft | ToolUseDraft | ServerToolUseDraft | ServerResultDraft;

export interface Draft {
  readonly thinking?: string;
  readonly blocks: readonly DraftBlock[];
  /** Without it: `tool_use` where a tool is called, otherwise `end_turn`. */
  readonly stopReason?: string;
  readonly refusalCategory?: string;
}
