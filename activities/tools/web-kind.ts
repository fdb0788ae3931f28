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
  const head = Buffer.from(bytes.subarray(0, SNIFFED_BYTES)).toString("latin1").trimStart();
  const isUnsaid = type === "" || type === "application/octet-stream";
  if (type === "application/pdf" || (isUnsaid && head.startsWith("%PDF-")))
    return { kind: "pdf", charset: null };
  if (
    /^(text\/html|application\/xhtml\+xml)$/.test(type) ||
    (isUnsaid && /^<(!doctype html|html)/i.test(head))
  )
    return { kind: "html", charset };
  const isText =
    type.startsWith("text/") ||
    /^application\/(.+\+)?(json|xml|yaml|x-yaml|x-ndjson|jsonl|javascript|toml)$/.test(type);
  if (isText || isUnsaid) {
    const text = textIn(bytes, isText ? (charset ?? "utf-8") : null);
    if (text !== null) return { kind: "text", text };
  }
  return {
    kind: "other",
    type: /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : "data of no known type",
  };
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
