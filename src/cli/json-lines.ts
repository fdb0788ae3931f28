// `--json`: one event per line, last the result line, nothing else on stdout.

import type { CliIo } from "./context.ts";
import type { Renderer } from "./renderer.ts";

export function createJsonLines({ stdout, stderr }: Pick<CliIo, "stdout" | "stderr">): Renderer {
  return {
    event(event) {
      stdout.write(`${JSON.stringify(event)}\n`);
      if (event.type === "run.ended") stdout.write(`${JSON.stringify(event.result)}\n`);
    },
    notice: (text) => void stderr.write(`${text}\n`),
    freshLine: () => {},
    close: () => {},
  };
}
