// Why a file is not touched, where the operating system would have done it: what is there is no plain file or
// folder of the place that was meant. The message names the file as it was asked for, and no place of this host.

export class FileRefusal extends Error {
  /** Whether it would have led out of the place. */
  readonly isOutside: boolean;

  constructor(message: string, { isOutside = false }: { readonly isOutside?: boolean } = {}) {
    super(message);
    this.name = "FileRefusal";
    this.isOutside = isOutside;
  }
}

/** By its shape: an error of another realm is no `Error` here. */
export function isFileRefusal(error: unknown): error is FileRefusal {
  return (
    typeof error === "object" &&
    error !== null &&
    Reflect.get(error, "name") === "FileRefusal" &&
    "isOutside" in error
  );
}
