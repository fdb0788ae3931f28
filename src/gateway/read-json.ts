// The body of a request as JSON, within bounds: refused before it is read whole where it is too
// large, and before it is parsed where it is not UTF-8 or nested beyond reason.

import { PawlError } from "../domain/errors.ts";
import { utf8 } from "../domain/utf8.ts";

export const BODY_BYTES_MAX = 1024 * 1024;
const DEPTH_MAX = 100;

/** Throws PawlError UNSUPPORTED_MEDIA_TYPE, REQUEST_TOO_LARGE or USAGE. */
export async function readJson(request: Request): Promise<unknown> {
  if (!isJson(request.headers.get("content-type"))) {
    throw new PawlError("UNSUPPORTED_MEDIA_TYPE", "The body must be JSON.");
  }
  if (Number(request.headers.get("content-length") ?? 0) > BODY_BYTES_MAX) throw tooLarge();
  const text = utf8(await readWhole(request));
  if (text === null) throw new PawlError("USAGE", "The body is not valid UTF-8.");
  if (depthOf(text) > DEPTH_MAX) {
    throw new PawlError("USAGE", `The JSON is nested more than ${DEPTH_MAX} levels deep.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new PawlError("USAGE", "The body is not JSON.");
  }
}

function isJson(contentType: string | null): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType ?? "");
}

async function readWhole(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): PawlError {
  return new PawlError("REQUEST_TOO_LARGE", `A body may have ${BODY_BYTES_MAX} bytes.`);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, and their ends, differ by this bit pattern alone: 0x5b/0x7b and 0x5d/0x7d. */
const CASE_BIT = 0x20;

/** How deep brackets go, outside of strings. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if ((code | CASE_BIT) === 0x7b) deepest = Math.max(deepest, (depth += 1));
    else if ((code | CASE_BIT) === 0x7d) depth -= 1;
  }
  return deepest;
}
