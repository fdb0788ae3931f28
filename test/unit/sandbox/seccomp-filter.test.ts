// The filter as the kernel runs it, by a small interpreter of its programs: on both architectures, whatever is asked.

import { describe, expect, test } from "@jest/globals";
import { encoded, seccompProgram, type Instruction } from "../../../src/sandbox/seccomp-filter.ts";
import {
  ARCHITECTURES,
  syscallNumbers,
  type Architecture,
} from "../../../src/sandbox/syscall-table.ts";

const PID = 4711;
const AUDIT: Readonly<Record<Architecture, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

interface Call {
  readonly number: number;
  readonly args?: readonly (number | bigint)[];
  readonly audit?: number;
}

function verdict(architecture: Architecture, { number, args = [], audit }: Call): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number >>> 0, 0);
  data.writeUInt32LE(audit ?? AUDIT[architecture], 4);
  args.forEach((arg, index) =>
    data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(arg)), 16 + 8 * index),
  );
  const result = runFilter(seccompProgram(architecture, PID), data);
  if (result === 0x7fff0000) return "allow";
  if (result === 0x80000000) return "kill";
  return `errno ${result & 0xffff}`;
}

function runFilter(program: readonly Instruction[], data: Buffer): number {
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 1) {
    const { code, jt, jf, k } = program[at] ?? { code: 0, jt: 0, jf: 0, k: 0 };
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x15) at += accumulator === k >>> 0 ? jt : jf;
    else if (code === 0x35) at += accumulator >= k ? jt : jf;
    else if (code === 0x06) return k >>> 0;
    else throw new Error(`instruction ${code}`);
  }
  throw new Error("the program has no end");
}

const conditional = (architecture: Architecture, name: string): number =>
  syscallNumbers(architecture).conditional.get(name) ?? -1;

describe.each(ARCHITECTURES)("on %s", (architecture) => {
  const of = (name: string, ...args: readonly (number | bigint)[]): string =>
    verdict(architecture, { number: conditional(architecture, name), args });

  test("what is free is allowed, what nobody has named is refused, what is newer is not there", () => {
    const { free } = syscallNumbers(architecture);
    for (const number of free.values()) expect(verdict(architecture, { number })).toBe("allow");
    const known = new Set(
      Object.values(syscallNumbers(architecture)).flatMap((one) => [...one.values()]),
    );
    for (let number = 0; number < 1000; number += 1) {
      if (known.has(number)) continue;
      expect(verdict(architecture, { number })).toBe(number < 424 ? "errno 1" : "errno 38");
    }
  });

  test("another architecture, and the x32 ABI, end the program", () => {
    expect(verdict(architecture, { number: 0, audit: 0x40000003 })).toBe("kill");
    expect(verdict(architecture, { number: 0x40000000 + 39 })).toBe("kill");
    expect(verdict(architecture, { number: -1 })).toBe("kill");
  });

  test.each<readonly [string, readonly (number | bigint)[], string]>([
    ["clone", [0x3d0f00], "allow"],
    ["clone", [17], "errno 1"],
    ["clone", [0x3d0f00 | 0x10000000], "errno 1"],
    ["mmap", [0, 4096, 3, 0x22], "allow"],
    ["mmap", [0, 4096, 3, 0x01], "allow"],
    ["mmap", [0, 4096, 3, 0x21], "errno 1"],
    ["mmap", [0, 4096, 3, 0x23], "errno 1"],
    ["mmap", [0, 4096, 3, 0x40022], "errno 1"],
    ["openat", [0, 0, 0x241], "allow"],
    ["openat", [0, 0, 0x200], "errno 1"],
    ["openat", [0, 0, 0x410002], "errno 1"],
    ["kill", [PID, 9], "allow"],
    ["kill", [-1, 9], "errno 1"],
    ["kill", [0, 9], "errno 1"],
    ["kill", [PID + 1, 9], "errno 1"],
    ["tgkill", [PID, PID, 9], "allow"],
    ["prctl", [15], "allow"],
    ["prctl", [1, 0], "errno 1"],
    ["prctl", [4, 1], "errno 1"],
    ["prlimit64", [0, 7], "allow"],
    ["prlimit64", [PID + 1, 7], "errno 1"],
    ["socketpair", [1, 1], "allow"],
    ["socketpair", [2, 1], "errno 1"],
    ["sendto", [3, 1, 1, 0, 0], "allow"],
    ["sendto", [3, 1, 1, 0, 0x7fff00000000n], "errno 1"],
    ["sendto", [3, 1, 1, 0, 0x1000], "errno 1"],
    ["fcntl", [3, 1030], "allow"],
    ["fcntl", [3, 8], "errno 1"],
    ["fcntl", [3, 10], "errno 1"],
    ["ioctl", [1, 0x5401], "allow"],
    ["ioctl", [1, 0x5412], "errno 25"],
  ])("%s(%j) comes to: %s", (name, args, expected) => {
    expect(of(name, ...args)).toBe(expected);
  });

  test("each conditional call is refused with arguments that mean nothing", () => {
    const odd = Array.from({ length: 6 }, () => 0xffffffffffffffffn);
    for (const [name, number] of syscallNumbers(architecture).conditional) {
      expect([name, verdict(architecture, { number, args: odd })]).toEqual([
        name,
        name === "ioctl" ? "errno 25" : "errno 1",
      ]);
    }
  });

  test("the kernel takes the program: not too long, no jump beyond its end, forward alone", () => {
    const program = seccompProgram(architecture, PID);
    expect(program.length).toBeLessThanOrEqual(4096);
    program.forEach(({ code, jt, jf }, index) => {
      if (code !== 0x15 && code !== 0x35) return;
      expect(Math.max(jt, jf)).toBeLessThanOrEqual(255);
      expect(index + 1 + Math.max(jt, jf)).toBeLessThan(program.length);
    });
    expect(encoded(program)).toHaveLength(8 * program.length);
  });
});
