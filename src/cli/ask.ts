// One question to the person at the terminal, and the line that they answer. Where the keyboard ends or is
// interrupted, the answer is an empty line: that is never a yes.

import { createInterface } from "node:readline";
import type { Ask } from "./context.ts";

export function createAsk(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Ask {
  return (question) =>
    new Promise((resolve) => {
      const lines = createInterface({ input, output });
      let answer = "";
      lines.once("close", () => resolve(answer));
      lines.once("SIGINT", () => lines.close());
      lines.question(question, (line) => {
        answer = line;
        lines.close();
      });
    });
}
