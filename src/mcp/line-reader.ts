// Lines out of what a process writes, none of them kept beyond the size of a message.

import { MESSAGE_BYTES_MAX } from "./message-size.ts";

const LINE_FEED = 10;

export class LineReader {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** The lines that end in it; null where one is too long: nothing that comes after it can be understood. */
  read(chunk: Uint8Array): readonly string[] | null {
    const lines: string[] = [];
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, from);
      const piece = chunk.subarray(from, end === -1 ? chunk.length : end);
      this.#bytes += piece.length;
      if (this.#bytes > MESSAGE_BYTES_MAX) {
        this.#clear();
        return null;
      }
      this.#pieces.push(piece);
      if (end === -1) return lines;
      lines.push(Buffer.concat(this.#pieces).toString("utf8").trimEnd());
      this.#clear();
      from = end + 1;
    }
  }

  #clear(): void {
    this.#pieces = [];
    this.#bytes = 0;
  }
}
