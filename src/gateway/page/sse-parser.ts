// Server-sent events out of text that arrives in any pieces, as the HTML standard reads them.

export interface SseMessage {
  readonly id: string | null;
  readonly data: string;
}

export interface SseParser {
  push(text: string): readonly SseMessage[];
  /** As the server asked for, or null. */
  retryMs(): number | null;
}

export function createSseParser(): SseParser {
  let rest: string[] = [];
  let data: string[] = [];
  let id: string | null = null;
  let retry: number | null = null;

  function line(text: string): SseMessage | null {
    if (text === "") {
      const message = data.length === 0 ? null : { id, data: data.join("\n") };
      data = [];
      return message;
    }
    const colon = text.indexOf(":");
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d+$/.test(value)) retry = Number(value);
    return null;
  }

  return {
    retryMs: () => retry,
    push(text) {
      // A line of a megabyte comes in many pieces: they are joined once, at its end.
      if (!/[\r\n]/.test(text)) {
        rest.push(text);
        return [];
      }
      const lines = (rest.join("") + text).split(/\r\n|\n|\r(?!$)/);
      rest = [lines.pop() ?? ""];
      return lines.map(line).filter((message) => message !== null);
    },
  };
}
