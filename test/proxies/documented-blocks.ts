// The blocks of docs/http.md as they stand there: for each proxy one at the root of a host name, one below a path.

import { readFileSync } from "node:fs";
import { packageFile } from "../../src/package-root.ts";

const DOC = readFileSync(packageFile("docs/http.md"), "utf8");

/** Below which path the second block of each puts the gateway. */
export const PATH = "/pawl";

export interface Documented {
  readonly root: string;
  readonly below: string;
}

/** Throws where there are not just these two. */
export function documentedBlocks(language: string): Documented {
  const blocks = [...DOC.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].filter(
    ([, name]) => name === language,
  );
  const [root, below, ...more] = blocks.map(([, , text]) => text ?? "");
  if (root === undefined || below === undefined || more.length > 0) {
    throw new Error(`docs/http.md has ${blocks.length} blocks of ${language}, and not two.`);
  }
  return { root, below };
}

/** What differs on the machine of a test; what the block does not say is an error, so that none is edited past it. */
export function replaced(block: string, words: Readonly<Record<string, string>>): string {
  return Object.entries(words).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The block does not say ${from}:\n${text}`);
    return text.replaceAll(from, to);
  }, block);
}
