// A file of the project as text. A letter that was lost in reading would be sent to a model with every call.

import { readFileSync } from "node:fs";
import { asSentence } from "../domain/sentence.ts";
import { badLineIn, SAVE_AS_UTF8, utf8 } from "../domain/utf8.ts";
import type { Mistake } from "./mistake.ts";

export type ReadText =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "wrong";
      readonly fault: Pick<Mistake, "what" | "remedy"> & { readonly line: number };
    };

/** Throws where it can't be read. */
export function readText(path: string): ReadText {
  const bytes = readFileSync(path);
  const text = utf8(bytes);
  if (text !== null) return { kind: "text", text };
  return {
    kind: "wrong",
    fault: { line: badLineIn(bytes), what: "It is not UTF-8.", remedy: asSentence(SAVE_AS_UTF8) },
  };
}
