// Secrets taken out of texts by their value, in every form in which they come back: as they are, in a URL, in
// JSON, in base64 at any place of a longer text. What has taken their place is as long as they were, so that
// whoever counts letters (the text of a reply, as it streams) counts the same.
//
// Invariant; its number is also the name of a test.
//   O1. No text that has passed here holds a secret of eight letters or more, whole and in any of these forms.

export type Scrub = (text: string) => string;

/** Shorter ones would be found in innocent words, and hide them. */
const CHARS_MIN = 8;
const MASK = "*";

export function scrubbing(secrets: readonly string[]): Scrub {
  const forms = formsOf(secrets);
  if (forms.length === 0) return (text) => text;
  const found = new RegExp(forms.map(escaped).join("|"), "g");
  return (text) => text.replace(found, (match) => MASK.repeat(match.length));
}

/** The longest first: one may be a part of another. */
export function formsOf(secrets: readonly string[]): readonly string[] {
  const forms = secrets.filter((secret) => secret.length >= CHARS_MIN).flatMap(spellings);
  return [...new Set(forms)]
    .filter((form) => form.length >= CHARS_MIN)
    .toSorted((a, b) => b.length - a.length);
}

function spellings(secret: string): readonly string[] {
  const encoded = encodeURIComponent(secret.toWellFormed());
  const inBase64 = base64Cores(new TextEncoder().encode(secret));
  return [
    secret,
    encoded,
    encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    JSON.stringify(secret).slice(1, -1),
    ...inBase64,
    ...inBase64.map((core) => core.replaceAll("+", "-").replaceAll("/", "_")),
    ...inBase64.map((core) => encodeURIComponent(core)),
  ];
}

const BYTES_PER_GROUP = 3;
const BITS_PER_LETTER = 6;

/** Of a text that holds the secret after 0, 1 or 2 bytes, the letters that no neighbour has a part in. */
function base64Cores(secret: Uint8Array): readonly string[] {
  return [0, 1, 2].map((before) => {
    const bytes = new Uint8Array(before + secret.length);
    bytes.set(secret, before);
    const whole = base64(bytes);
    const first = Math.ceil((before * 8) / BITS_PER_LETTER);
    const last = Math.floor((bytes.length * 8) / BITS_PER_LETTER);
    return whole.slice(first, last);
  });
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The domain knows no Buffer. Without padding. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += BYTES_PER_GROUP) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + BYTES_PER_GROUP);
    const group = (a << 16) | (b << 8) | c;
    for (const shift of [18, 12, 6, 0]) text += LETTERS[(group >> shift) & 63] ?? "";
  }
  return text.slice(0, Math.ceil((bytes.length * 8) / BITS_PER_LETTER));
}

function escaped(form: string): string {
  return form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

/** The error itself, with all that it and its causes say made harmless; what reads their kind still knows them. */
export function scrubbedError<E>(error: E, scrub: Scrub): E {
  let at: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && typeof at === "object" && at !== null; depth += 1) {
    for (const field of ["message", "stack"] as const) scrubField(at, field, scrub);
    at = "cause" in at ? at.cause : null;
  }
  return error;
}

const CAUSES_MAX = 10;

function scrubField(error: object, field: "message" | "stack", scrub: Scrub): void {
  const said: unknown = Reflect.get(error, field);
  if (typeof said !== "string") return;
  const harmless = scrub(said);
  if (harmless !== said) Reflect.set(error, field, harmless);
}
