// What an answer of the web is, by what its server says of it, and by its first bytes where that says nothing.

export type WebKind =
  | { readonly kind: "html"; readonly charset: string | null }
  | { readonly kind: "pdf"; readonly charset: null }
  | { readonly kind: "text"; readonly text: string }
  /** Pictures, archives, programs. `type` is fit to be shown. */
  | { readonly kind: "other"; readonly type: string };

const SNIFFED_BYTES = 512;

export function webKind(contentType: string, bytes: Uint8Array): WebKind {
  const [type = "", ...parameters] = contentType
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const named = parameters.find((parameter) => parameter.startsWith("charset="));
  const charset = named?.slice("charset=".length).replaceAll('"', "") ?? null;
  switch (UNSAID.includes(type) ? sniffed(bytes) : saidBy(type)) {
    case "pdf":
      return { kind: "pdf", charset: null };
    case "html":
      return { kind: "html", charset };
    case "text":
      return textOr(type, textIn(bytes, charset ?? "utf-8"));
    case "unknown":
      return textOr(type, UNSAID.includes(type) ? textIn(bytes, null) : null);
  }
}

type Guess = "pdf" | "html" | "text" | "unknown";

const UNSAID: readonly string[] = ["", "application/octet-stream"];
const TEXTS =
  /^(text\/.*|application\/(.+\+)?(json|xml|yaml|x-yaml|x-ndjson|jsonl|javascript|toml))$/;

function saidBy(type: string): Guess {
  if (type === "application/pdf") return "pdf";
  if (/^(text\/html|application\/xhtml\+xml)$/.test(type)) return "html";
  return TEXTS.test(type) ? "text" : "unknown";
}

function sniffed(bytes: Uint8Array): Guess {
  const head = Buffer.from(bytes.subarray(0, SNIFFED_BYTES)).toString("latin1").trimStart();
  if (head.startsWith("%PDF-")) return "pdf";
  return /^<(!doctype html|html)/i.test(head) ? "html" : "unknown";
}

function textOr(type: string, text: string | null): WebKind {
  if (text !== null) return { kind: "text", text };
  const isShown = /^[\w.+-]+\/[\w.+-]+$/.test(type);
  return { kind: "other", type: isShown ? type : "data of no known type" };
}

/** Null where it is binary. Where nobody says that it is text, it has to be UTF-8. */
function textIn(bytes: Uint8Array, charset: string | null): string | null {
  try {
    const text = new TextDecoder(charset ?? "utf-8", { fatal: charset === null }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return charset === null ? null : textIn(bytes, "utf-8");
  }
}
