// What an error is known by: a code of the operating system, of Node, of the driver, or SQLSTATE.

/** By shape, not `instanceof`: the errors of Node's own modules belong to another realm under jest. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
