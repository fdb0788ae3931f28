// One process does the work, and all that wait for it show how far it is: its newest line, in a file.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { OnProgress } from "./on-progress.ts";

export interface SharedProgress {
  /** Of whoever does the work. */
  readonly tell: OnProgress;
  end(): void;
  /** Of whoever waits: passes on what is new. */
  follow(): void;
}

export function sharedProgress(file: string, onProgress: OnProgress): SharedProgress {
  let shown = "";
  return {
    tell: (line) => {
      writeFileSync(file, line);
      onProgress(line);
    },
    end: () => rmSync(file, { force: true }),
    follow: () => {
      const line = newest(file);
      if (line === "" || line === shown) return;
      shown = line;
      onProgress(line);
    },
  };
}

function newest(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
