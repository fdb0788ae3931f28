// The search services that our own web_search may ask, each as its own documentation describes it: Brave Search,
// Tavily, and a SearXNG of the operator's.

import { z } from "zod";
import { ToolError } from "./tool-error.ts";
import { readBody } from "./web-answer.ts";

export interface FoundPage {
  readonly title: string;
  readonly url: string;
  readonly text: string;
  /** As the service writes it. */
  readonly date: string | null;
}

export interface SearchEngine {
  /** For people and models. */
  readonly name: string;
  readonly search: (query: string, signal: AbortSignal) => Promise<readonly FoundPage[]>;
}

interface Asking {
  readonly send: typeof fetch;
  /** A seam for tests; else the service's own. */
  readonly baseUrl?: string;
}

interface WithKey extends Asking {
  readonly key: string;
}

export const BRAVE_URL = "https://api.search.brave.com";
export const TAVILY_URL = "https://api.tavily.com";

const text = z.string().nullish();

const braveAnswer = z.object({
  web: z
    .object({
      results: z.array(
        z.object({
          title: z.string(),
          url: z.string(),
          description: text,
          age: text,
          page_age: text,
        }),
      ),
    })
    .nullish(),
});

export function brave({ send, key, baseUrl = BRAVE_URL }: WithKey): SearchEngine {
  return {
    name: "Brave Search",
    async search(query, signal) {
      const url = new URL("/res/v1/web/search", baseUrl);
      url.searchParams.set("q", query);
      url.searchParams.set("count", "10");
      url.searchParams.set("result_filter", "web");
      url.searchParams.set("text_decorations", "false");
      const headers = { accept: "application/json", "x-subscription-token": key };
      const { web } = await jsonFrom(
        send(url, { headers, signal, redirect: "error" }),
        braveAnswer,
      );
      return (web?.results ?? []).map(({ title, url: at, description, age, page_age: day }) => ({
        title,
        url: at,
        text: description ?? "",
        date: day ?? age ?? null,
      }));
    },
  };
}

const tavilyAnswer = z.object({
  results: z.array(
    z.object({ title: z.string(), url: z.string(), content: text, published_date: text }),
  ),
});

export function tavily({ send, key, baseUrl = TAVILY_URL }: WithKey): SearchEngine {
  return {
    name: "Tavily",
    async search(query, signal) {
      const sent = send(new URL("/search", baseUrl), {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ query, max_results: 10, search_depth: "basic" }),
        redirect: "error",
        signal,
      });
      const { results } = await jsonFrom(sent, tavilyAnswer);
      return results.map(({ title, url, content, published_date: date }) => ({
        title,
        url,
        text: content ?? "",
        date: date ?? null,
      }));
    },
  };
}

const searxngAnswer = z.object({
  results: z.array(
    z.object({ title: z.string(), url: z.string(), content: text, publishedDate: text }),
  ),
});

export function searxng({ send, baseUrl }: Asking & { readonly baseUrl: string }): SearchEngine {
  return {
    name: "SearXNG",
    async search(query, signal) {
      // It may lie below a path.
      const url = new URL("search", baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
      url.searchParams.set("q", query);
      url.searchParams.set("format", "json");
      const headers = { accept: "application/json" };
      const { results } = await jsonFrom(
        send(url, { headers, signal, redirect: "error" }),
        searxngAnswer,
      );
      return results.map(({ title, url: at, content, publishedDate: date }) => ({
        title,
        url: at,
        text: content ?? "",
        date: date ?? null,
      }));
    },
  };
}

async function jsonFrom<T>(sent: Promise<Response>, schema: z.ZodType<T>): Promise<T> {
  const answer = await sent;
  if (!answer.ok) {
    await answer.body?.cancel();
    throw notServed(answer.status);
  }
  const { bytes } = await readBody(answer);
  const read = schema.safeParse(parsed(new TextDecoder().decode(bytes)));
  if (read.success) return read.data;
  throw new ToolError("The search service gave an answer that is no list of results.", {
    suggestion: LOOK_ELSEWHERE,
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const LOOK_ELSEWHERE = "Go on without the search, and say that you could not look it up.";

/** Brave has 422 for a key that it does not know; a SearXNG that serves no JSON has 403. */
function notServed(status: number): ToolError {
  const why =
    status === 429 || status === 432 || status === 433
      ? "its limit of requests is reached"
      : [401, 403, 422].includes(status)
        ? "it does not accept the request; its key or its settings have to be looked at"
        : "it has a fault";
  return new ToolError(`The search service answered ${status}: ${why}.`, {
    suggestion: LOOK_ELSEWHERE,
    retryable: status === 429 || status >= 500,
  });
}
