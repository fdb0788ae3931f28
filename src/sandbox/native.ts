// System calls of Linux that Node does not offer, by their numbers. For a process that is about to become another
// program: what is called here binds the calling thread alone, and only the thread that executes a program lives on.

import koffi from "koffi";
import type { Architecture } from "./syscall-table.ts";

const NUMBERS = {
  capset: { x64: 126, arm64: 91 },
  close_range: { x64: 436, arm64: 436 },
  execve: { x64: 59, arm64: 221 },
  fcntl: { x64: 72, arm64: 25 },
  landlock_create_ruleset: { x64: 444, arm64: 444 },
  landlock_add_rule: { x64: 445, arm64: 445 },
  landlock_restrict_self: { x64: 446, arm64: 446 },
  prctl: { x64: 157, arm64: 167 },
  prlimit64: { x64: 302, arm64: 261 },
  setgroups: { x64: 116, arm64: 159 },
  setresgid: { x64: 119, arm64: 149 },
  setresuid: { x64: 117, arm64: 147 },
} as const satisfies Readonly<Record<string, Readonly<Record<Architecture, number>>>>;

export type NativeCall = keyof typeof NUMBERS;
type Argument = number | bigint | Buffer;

export interface Native {
  /** Throws with the name of the call and of the error. */
  call(name: NativeCall, ...args: readonly Argument[]): number;
  /** -errno where it fails. */
  attempt(name: NativeCall, ...args: readonly Argument[]): number;
  addressOf(bytes: Buffer): bigint;
}

const ARGUMENTS = 6;

export function openNative(architecture: Architecture): Native {
  const types = Array.from({ length: 1 + ARGUMENTS }, () => "int64_t");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the prototype says
  const syscall = koffi.load(null).func("syscall", "int64_t", types) as (
    ...args: readonly (number | bigint)[]
  ) => number | bigint;
  const addressOf = (bytes: Buffer): bigint => koffi.address(bytes);
  const attempt = (name: NativeCall, ...args: readonly Argument[]): number => {
    const given = args.map((arg) => (Buffer.isBuffer(arg) ? addressOf(arg) : arg));
    const rest = Array.from({ length: ARGUMENTS - given.length }, () => 0);
    const result = Number(syscall(NUMBERS[name][architecture], ...given, ...rest));
    return result < 0 ? -koffi.errno() : result;
  };
  return {
    addressOf,
    attempt,
    call(name, ...args) {
      const result = attempt(name, ...args);
      if (result < 0) throw new Error(`${name} failed: ${nameOf(-result)}`);
      return result;
    },
  };
}

function nameOf(errno: number): string {
  const codes = Object.entries(koffi.os.errno);
  return codes.find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
}
