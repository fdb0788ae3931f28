// Addresses as they are outside. A proxy may have put the gateway below a path of its own (`/pawl/`), and takes
// that off before we see a request, or does not; which of both, no request tells, and what a header says of it
// anybody may have written. So that path is the one of PAWL_GATEWAY_URL:
//
// - addresses in answers begin with it, and are whole paths, since many who follow them join strings. The page
//   needs none: all of it is relative to where it lies;
// - where a proxy takes nothing off, the path is taken off here.

import { PawlError } from "../domain/errors.ts";

export interface Mount {
  within(target: string): Within;
}

export type Within =
  /** As if there were no path before it. */
  | { readonly kind: "inside"; readonly target: string }
  /** The path without the slash, against which no reference of the page would hold. */
  | { readonly kind: "before"; readonly front: string };

/** Below one of these nobody could tell our own address from one with the path before it. */
const OWN = ["v1", "page", "health", "metrics", "openapi.json", "favicon.ico"];

/** `outerUrl`: PAWL_GATEWAY_URL. Throws PawlError CONFIG. */
export function createMount(outerUrl: string | undefined): Mount {
  const path = outerPath("", outerUrl);
  if (path === "") return { within: (target) => ({ kind: "inside", target }) };
  const [first = "", ...others] = path.slice(1).split("/");
  const last = others.at(-1) ?? first;
  if (OWN.includes(first)) {
    const message = `PAWL_GATEWAY_URL ends with ${path}, and /${first} is a path of the gateway's own: it names the place of the page.`;
    throw new PawlError("CONFIG", message);
  }
  return {
    within(target) {
      if (target.startsWith(`${path}/`)) {
        return { kind: "inside", target: target.slice(path.length) };
      }
      const isBefore = target === path || target.startsWith(`${path}?`);
      if (!isBefore) return { kind: "inside", target };
      return { kind: "before", front: `./${last}/${target.slice(path.length)}` };
    },
  };
}

/** A path of the gateway, as it is outside: what is joined to the name of the host leads back. */
export function outerPath(path: string, outerUrl: string | undefined): string {
  const parts = outerUrl === undefined ? [] : new URL(outerUrl).pathname.split("/");
  const named = parts.filter((part) => part !== "");
  return `${named.map((part) => `/${part}`).join("")}${path}`;
}
