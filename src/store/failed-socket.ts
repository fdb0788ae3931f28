// In place of a socket that could not be opened. The driver loses count of its connections where none is handed to
// it: so it gets one whose first message fails with the reason.

import { Duplex } from "node:stream";

export class FailedSocket extends Duplex {
  readonly #reason: unknown;

  constructor(reason: unknown) {
    super({ emitClose: false });
    this.#reason = reason;
  }

  override _read(): void {
    // Nothing ever comes.
  }

  override _write(_chunk: unknown, _encoding: string, told: (error: Error) => void): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- errors of Node's own are of another realm under jest
    told(this.#reason as Error);
  }

  override _destroy(error: Error | null, told: (error: Error | null) => void): void {
    told(error);
    // As of a socket of the net: whether it closed because of an error.
    process.nextTick(() => this.emit("close", error !== null));
  }
}
