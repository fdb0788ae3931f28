// The names that money is charged under, as people read them: two names that look alike to a person are one name,
// or one of them is refused, so that nobody gets a fresh budget by writing a name another way.

import { PawlError } from "./errors.ts";

/** What stands in paths, queries and the keys of accounts, and has no look-alike in another alphabet. */
const TENANT = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const SESSION_CHARS_MAX = 64;
/** Nobody sees them, or not where they stand: controls, formats, fillers, and every space but the plain one. */
const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]|[^\P{Z} ]|^ | $| {2}/u;

/** The tenant that is always there: whoever names none is it. */
export const LOCAL_TENANT = "local";

/** The one form of a tenant's name (NFKC, lower case). Throws PawlError UNKNOWN_TENANT for what can be nobody's. */
export function tenantName(given: unknown): string {
  const name = typeof given === "string" ? given.normalize("NFKC").toLowerCase() : "";
  if (TENANT.test(name)) return name;
  throw new PawlError(
    "UNKNOWN_TENANT",
    `${shown(given)} can't be a tenant: a name has 1 to 63 of a-z, 0-9, dot, dash and underscore, a letter or digit first.`,
  );
}

/** The one form of a session's name (NFKC). Throws PawlError USAGE where a part of it can't be seen. */
export function sessionName(given: unknown): string {
  const name = typeof given === "string" ? given.normalize("NFKC") : "";
  const isUsable = name !== "" && name.length <= SESSION_CHARS_MAX && !UNSEEN.test(name);
  if (isUsable) return name;
  throw new PawlError(
    "USAGE",
    `${shown(given)} can't be a session: a name has 1 to ${SESSION_CHARS_MAX} characters, all of them to be seen, and no space at its ends.`,
  );
}

const SHOWN_CHARS = 80;

/** What can't be seen, or only looks like a letter of ours, is spelled out. */
function shown(given: unknown): string {
  if (typeof given !== "string") return `A name that is no text (${typeof given})`;
  const text = given.slice(0, SHOWN_CHARS).replaceAll(/[^\x20-\x7e]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
  return `"${text}"`;
}
