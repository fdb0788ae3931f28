// Who has no API key may still be the person at this machine, and says so by a secret: the token that the
// local stack wrote into its state folder, which only its owner can read. What a request looks like (its
// address, its headers) proves nothing: a bare nginx, a tunnel or another user of the machine sends the same.

import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { PawlError } from "../domain/errors.ts";

export type LocalDoor =
  /** API keys alone. */
  | { readonly kind: "keys" }
  /** Whoever shows the token, too. */
  | { readonly kind: "token"; readonly sha256: Buffer }
  /** Whoever reaches the port: `pawl gateway --open`. */
  | { readonly kind: "open" };

/** Throws PawlError CONFIG. */
export function doorByTokenFile(path: string): LocalDoor {
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new PawlError("CONFIG", `The local token in ${path} can't be read.`, { cause: error });
  }
  // An empty file must not make the empty key a good one.
  if (token === "") throw new PawlError("CONFIG", `The local token in ${path} is empty.`);
  return { kind: "token", sha256: digest(token) };
}

/** In constant time: how long a refusal takes says nothing of how much of a guess was right. */
export function isLocalToken(door: LocalDoor, presented: string): boolean {
  return door.kind === "token" && timingSafeEqual(door.sha256, digest(presented));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
