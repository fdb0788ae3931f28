// Search services as strict as their documentation: what they do not know is refused, with the status that they have
// for it. Brave Search: api-dashboard.search.brave.com, Tavily: docs.tavily.com, SearXNG: docs.searxng.org.

import type { IncomingMessage, RequestListener } from "node:http";

export const SEARCH_KEY = "canary-search-key";

interface Page {
  readonly title: string;
  readonly url: string;
  readonly text: string;
  readonly date?: string;
}

const KNOWN_TO_BRAVE = ["q", "count", "result_filter", "text_decorations"];

export function braveService(pages: readonly Page[]): RequestListener {
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const query = searchParams.get("q") ?? "";
    const isKnown = [...searchParams.keys()].every((name) => KNOWN_TO_BRAVE.includes(name));
    const isFit = query !== "" && query.length <= 400 && query.split(/\s+/).length <= 50;
    const isKey = request.headers["x-subscription-token"] === SEARCH_KEY;
    if (request.method !== "GET" || pathname !== "/res/v1/web/search")
      return void response.writeHead(404).end();
    if (!isKey || !isKnown || !isFit)
      return void response.writeHead(422).end('{"type":"ErrorResponse"}');
    const results = pages.map(({ title, url, text, date }) => ({
      ...{ type: "search_result", title, url, description: text, page_age: date, language: "en" },
      profile: { name: "x" },
    }));
    response.setHeader("content-type", "application/json");
    return void response.end(
      JSON.stringify({ type: "search", ...(pages.length > 0 && { web: { results } }) }),
    );
  };
}

const KNOWN_TO_TAVILY = ["query", "max_results", "search_depth"];

export function tavilyService(pages: readonly Page[]): RequestListener {
  return (request, response) => {
    void bodyOf(request).then((body) => {
      const asked = JSON.parse(body) as Record<string, unknown>;
      const isKnown = Object.keys(asked).every((name) => KNOWN_TO_TAVILY.includes(name));
      if (request.method !== "POST" || request.url !== "/search")
        return response.writeHead(404).end();
      if (request.headers.authorization !== `Bearer ${SEARCH_KEY}`)
        return response.writeHead(401).end('{"detail":{"error":"Unauthorized"}}');
      if (!isKnown || typeof asked["query"] !== "string" || asked["query"] === "")
        return response.writeHead(400).end();
      const results = pages.map(({ title, url, text, date }) => ({
        ...{ title, url, content: text, score: 0.9, raw_content: null },
        ...(date !== undefined && { published_date: date }),
      }));
      response.setHeader("content-type", "application/json");
      return response.end(
        JSON.stringify({ query: asked["query"], images: [], results, response_time: 1 }),
      );
    });
  };
}

export function searxngService(pages: readonly Page[]): RequestListener {
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    if (pathname !== "/below/search") return void response.writeHead(404).end();
    if (searchParams.get("format") !== "json") return void response.writeHead(403).end();
    if ((searchParams.get("q") ?? "") === "") return void response.writeHead(400).end();
    const results = pages.map(({ title, url, text, date }) => ({
      ...{ title, url, content: text, publishedDate: date ?? null, engine: "x", score: 1 },
    }));
    response.setHeader("content-type", "application/json");
    return void response.end(JSON.stringify({ query: "x", results, unresponsive_engines: [] }));
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += String(piece);
  return body;
}
