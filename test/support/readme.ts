// The blocks of the README, each with why it is not run where it is not.

import { readFileSync } from "node:fs";
import { packageFile } from "../../src/package-root.ts";

export interface Block {
  readonly language: string;
  readonly text: string;
  /** Why it is not run here. */
  readonly reason: string | null;
}

export const README = readFileSync(packageFile("README.md"), "utf8");

const BLOCK =
  /(?:<!-- not run by a test: (?<reason>.*) -->\n\n)?```(?<language>\w*)\n(?<text>[^]*?)```/g;

export const blocks: readonly Block[] = [...README.matchAll(BLOCK)].map(({ groups }) => ({
  language: groups?.["language"] ?? "",
  text: groups?.["text"] ?? "",
  reason: groups?.["reason"] ?? null,
}));
export const commands = blocks.filter(({ language }) => language === "sh");

/** The one block of commands with these words in it. */
export function blockWith(words: string): Block {
  const [found, ...more] = commands.filter(({ text }) => text.includes(words));
  if (found === undefined || more.length > 0) throw new Error(`not one block has "${words}"`);
  return found;
}
