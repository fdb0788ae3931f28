// The steps of a path below a place. Whatever could lead out of it is refused and not mended, so there is nothing
// to be right about but what is plain.

import { FileRefusal } from "./file-refusal.ts";

export interface StepRules {
  readonly depthMax: number;
  /** Names are plain on every system there is. Else they are only what this one takes for one step. */
  readonly isStrict: boolean;
}

const NAME_BYTES_MAX = 200;

/** Throws a FileRefusal. */
export function plainSteps(path: string, { depthMax, isStrict }: StepRules): readonly string[] {
  const names = path.split("/");
  if (names[0] === "." && names.length > 1) names.shift();
  if (names.length > depthMax) {
    throw new FileRefusal(`The path has more than ${depthMax} steps.`);
  }
  const isPlain = isStrict || process.platform === "win32" ? isPlainAnywhere : isPlainHere;
  if (names.every(isPlain)) return names;
  throw new FileRefusal(`permission denied: ${JSON.stringify(path)} is no plain path.`, {
    isOutside: true,
  });
}

/** A name that a folder may really have, and that can be told and asked for. */
export function isPlainHere(name: string): boolean {
  return !/^\.{0,2}$|[\p{Cc}\p{Cf}\ufffd/]/u.test(name) && name.isWellFormed();
}

function isPlainAnywhere(name: string): boolean {
  const isOdd = /[\\:]|^\s|[\s.]$/u.test(name) || Buffer.byteLength(name) > NAME_BYTES_MAX;
  return isPlainHere(name) && !isOdd;
}
