// The results of a batch as a file: it is there whole, or as it was before.

import { open, rename } from "node:fs/promises";
import type { ItemResult } from "../domain/batch.ts";
import { PawlError } from "../domain/errors.ts";

/** Returns how many lines were written. */
export async function writeResults(
  results: AsyncIterable<ItemResult>,
  file: string,
): Promise<number> {
  const unfinished = `${file}.unfinished`;
  let lines = 0;
  const handle = await open(unfinished, "w").catch((error: unknown) => {
    throw new PawlError("USAGE", `${file} can't be written.`, { cause: error });
  });
  try {
    for await (const result of results) {
      await handle.write(`${JSON.stringify(result)}\n`);
      lines += 1;
    }
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
  return lines;
}
