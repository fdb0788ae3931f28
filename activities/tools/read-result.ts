// Reads on in a result that was too long for the model to see at once.

import { z } from "zod";
import { defineTool } from "./define-tool.ts";
import { ToolError } from "./tool-error.ts";

const LENGTH_MAX = 32 * 1024;

export const readResultTool = defineTool({
  name: "read_result",
  description:
    "Reads on in a tool result that was cut. The note at the end of the cut result gives the id and the offset to use. " +
    "Returns up to 32 KiB at a time, and says at which offset to read on.",
  input: z.object({
    id: z.string().min(1).max(200).describe("The id from the note at the end of the cut result."),
    offset: z.number().int().min(0).default(0).describe("Characters to skip. Default 0."),
    length: z
      .number()
      .int()
      .min(1)
      .max(LENGTH_MAX)
      .default(LENGTH_MAX)
      .describe("How many characters to read. Default and maximum 32768."),
  }),
  permission: "read",
  effect: "pure",
  async execute({ id, offset, length }, { artefacts }) {
    if (artefacts === undefined) {
      throw new ToolError("This run keeps no full results.", {
        suggestion: "Work with what was shown, or call the tool again and ask for less.",
      });
    }
    const found = await artefacts.read(id, offset, length);
    if (found === null) {
      throw new ToolError(`There is no kept result with the id ${id} in this run.`, {
        suggestion: "Use the id from the note of a cut result, or call that tool again.",
      });
    }
    if (found === "") return `[nothing at offset ${offset}: the result ends before it]`;
    const text = wholeCharacters(found);
    const next = offset + text.length;
    const isLast = found.length < length && text.length === found.length;
    const where = isLast
      ? "the end"
      : `read on with {"id": ${JSON.stringify(id)}, "offset": ${next}}`;
    return `${text}\n[characters ${offset} to ${next}; ${where}]`;
  },
});

/** At most 32 KiB of UTF-8, and no character cut in half. */
function wholeCharacters(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(LENGTH_MAX));
  const fits = text.slice(0, read);
  const isHalved = /[\uD800-\uDBFF]$/.test(fits) && fits.length > 1;
  return isHalved ? fits.slice(0, -1) : fits;
}
