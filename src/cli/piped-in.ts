// What is piped into a command, whole and within bounds: `yes | pawl run -` shall not fill the memory.

import { PawlError } from "../domain/errors.ts";

/** More than any file of tasks has that a batch can take. */
const BYTES_MAX = 512 * 1024 * 1024;

/** Throws PawlError USAGE where somebody sits at the keyboard, or more comes than can be meant. */
export async function pipedIn(
  input: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean },
  bytesMax = BYTES_MAX,
): Promise<Uint8Array> {
  if (input.isTTY === true) {
    throw nothingPipedIn();
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw new PawlError("USAGE", `More than ${bytesMax} bytes are piped in.`, {
        next: "send less at once",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function nothingPipedIn(): PawlError {
  return new PawlError("USAGE", "Nothing is piped in here to read.", {
    next: "pipe it in (echo TASK | pawl run -), or write it where the - stands",
  });
}
