// Lines from a keyboard, edited by node:readline. The terminal echoes nothing by itself, so that what a
// person types and what the run writes never share a line: whoever shows the run is told when a line
// begins and when it is over.

import { createInterface, emitKeypressEvents, type Key } from "node:readline";

export interface Typist {
  /** The first key of a line: the cursor must be brought to the start of an empty line now. */
  begins(): void;
  /** The line is over; null where it was given up. */
  ends(line: string | null): void;
  interrupts(): void;
}

export interface Keyboard {
  listen(typist: Typist): { stop(): void };
}

const PROMPT = "» ";

export function createKeyboard(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Keyboard {
  return {
    listen(typist) {
      let isTyping = false;
      emitKeypressEvents(input);
      // Before readline's own, so that its echo finds the line ready.
      const onKey = (text: string | undefined, key: Key | undefined): void => {
        if (isTyping || !isPrintable(text, key)) return;
        isTyping = true;
        typist.begins();
        lines.prompt();
      };
      input.prependListener("keypress", onKey);
      const lines = createInterface({ input, output, terminal: true, prompt: PROMPT });
      const end = (line: string | null): void => {
        if (!isTyping) return;
        isTyping = false;
        typist.ends(line);
      };
      lines.on("line", (line) => end(line));
      lines.on("SIGINT", () => {
        lines.write(null, { ctrl: true, name: "u" });
        if (isTyping) output.write("\r\u001b[K");
        end(null);
        typist.interrupts();
      });
      return {
        stop() {
          input.off("keypress", onKey);
          if (isTyping) output.write("\n");
          isTyping = false;
          lines.close();
        },
      };
    },
  };
}

function isPrintable(text: string | undefined, key: Key | undefined): boolean {
  if (text === undefined || key?.ctrl === true || key?.meta === true) return false;
  return /^[^\p{Cc}]/u.test(text);
}
