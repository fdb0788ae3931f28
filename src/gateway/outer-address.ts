// Addresses as they are outside. A proxy may have put the gateway below a path of its own (`/pawl/`), and takes
// that off before we see a request, or does not; which of both, no request tells, and what a header says of it
// anybody may have written. So:
//
// - what leaves the gateway is a reference, relative to the address that was asked: it leads back through
//   whatever stands between. Nothing else makes an address of our own;
// - where a proxy takes nothing off, the path is that of PAWL_GATEWAY_URL, and is taken off here.

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
  const parts = outerUrl === undefined ? [] : partsOf(new URL(outerUrl).pathname);
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) {
    return { within: (target) => ({ kind: "inside", target }) };
  }
  if (OWN.includes(first)) {
    const message = `PAWL_GATEWAY_URL ends with /${parts.join("/")}, and /${first} is a path of the gateway's own: it names the place of the page.`;
    throw new PawlError("CONFIG", message);
  }
  const path = `/${parts.join("/")}`;
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

/** From one path within the gateway to another, as a reference (RFC 3986 §4.2). */
export function referenceTo(path: string, from: string): string {
  const here = from.split("/").slice(0, -1);
  const there = path.split("/");
  const differs = there.findIndex((part, at) => part !== here[at] || at === there.length - 1);
  const shared = Math.min(differs, here.length);
  const steps = [...here.slice(shared).map(() => ".."), ...there.slice(shared)];
  // A colon in the first step would make it a scheme.
  const isScheme = steps[0]?.includes(":") ?? false;
  return isScheme || steps[0] === "" ? `./${steps.join("/")}` : steps.join("/");
}

function partsOf(path: string): readonly string[] {
  return path.split("/").filter((part) => part !== "");
}
