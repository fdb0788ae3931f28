// Requests as JSON, past the SDK: what it would never send must be refused too.

import { CALCULATOR, MODEL, type Bench } from "./support.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly type: string | undefined;
  readonly message: string;
  readonly requestId: string | undefined;
}

const HEADERS = { authorization: "Bearer k", "anthropic-version": "2026-10-21" };

export async function post(
  bench: Bench,
  body: unknown,
  headers: Readonly<Record<string, string>> = HEADERS,
  path = "/v1/messages",
): Promise<Answer> {
  const response = await fetch(bench.model.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const answer = (await response.json()) as {
    error?: { type: string; message: string };
    request_id?: string;
  };
  return {
    status: response.status,
    headers: response.headers,
    type: answer.error?.type,
    message: answer.error?.message ?? "",
    requestId: answer.request_id,
  };
}

export type Row = readonly [what: string, body: object, status: number, message: RegExp];

export const tools = [CALCULATOR];
export const use = (id: string) => ({
  type: "tool_use",
  id,
  name: "calculator",
  input: { expression: "1+1" },
});
export const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "2" });
export const user = (...content: object[]) => ({ role: "user", content });
export const assistant = (...content: object[]) => ({ role: "assistant", content });
export const text = (words: string, more: object = {}) => ({ type: "text", text: words, ...more });
export const cached = (ttl?: string) => ({
  cache_control: { type: "ephemeral", ...(ttl === undefined ? {} : { ttl }) },
});
export const hi = user(text("hi"));
export const base = { model: MODEL, max_tokens: 64, messages: [hi] };
