// The filter of system calls, as the program for the kernel that seccomp takes (classic BPF over `struct
// seccomp_data`: number, architecture, address, six arguments of 64 bits, the lower half first). Pure: bytes from a
// table. A call that a filter can't judge by number and arguments (what hangs on memory behind a pointer) is refused.

import { syscallNumbers, type Architecture, type SyscallNumbers } from "./syscall-table.ts";

export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Part of one argument; a call passes where all its conditions hold. */
type Condition = { readonly arg: number; readonly half?: "high" } & (
  | { readonly oneOf: readonly number[] }
  | { readonly mask: number; readonly is: number }
  | { readonly mask: number; readonly isNot: number }
);

const LOAD = 0x20;
const AND = 0x54;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const errno = (number: number): number => 0x00050000 + number;
const EPERM = 1;
const ENOTTY = 25;
const ENOSYS = 38;
const NO_ERROR = 0;

const AUDIT_ARCH: Readonly<Record<Architecture, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };
/** The calls of the x32 ABI, which has numbers of its own. */
const X32_BIT = 0x40000000;
/** From here on numbers are the same everywhere, and libraries ask whether a call is there. */
const NEW_CALLS_FROM = 424;

const CLONE_THREAD = 0x00010000;
/** CLONE_PTRACE, CLONE_PARENT, CLONE_NEW* of all kinds, CLONE_UNTRACED. */
const CLONE_OTHERS = 0x7e82b000;
const MAP_SHARED_ANONYMOUS = 0x21;
const MAP_HUGETLB = 0x40000;
const O_TMPFILE = 0x400000;
const O_TRUNC_OR_WRITES = 0x203;
const O_TRUNC = 0x200;
/** PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS, PR_CAPBSET_READ, PR_SET_VMA. */
const PRCTL_OPTIONS = [15, 16, 3, 21, 39, 23, 0x53564d41];
/** Copies, flags and locks of a descriptor; not F_SETOWN and F_SETSIG, by which the kernel sends signals. */
const FCNTL_COMMANDS = [0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030];
/** TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. */
const IOCTL_REQUESTS = [0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451];
const AF_UNIX = 1;

/** Without a name a file is found by nobody who counts; and O_TRUNC with O_RDONLY asks Landlock for reading alone. */
const opens = (flags: number): readonly Condition[] => [
  { arg: flags, mask: O_TMPFILE, is: 0 },
  { arg: flags, mask: O_TRUNC_OR_WRITES, isNot: O_TRUNC },
];

function conditionsOf(ownPid: number): Readonly<Record<string, readonly Condition[]>> {
  const itself = [0, ownPid];
  return {
    clone: [{ arg: 0, mask: CLONE_THREAD | CLONE_OTHERS, is: CLONE_THREAD }],
    // Of shared memory without a file the pages stay where they are counted for nobody.
    mmap: [
      { arg: 3, mask: MAP_SHARED_ANONYMOUS, isNot: MAP_SHARED_ANONYMOUS },
      { arg: 3, mask: MAP_HUGETLB, is: 0 },
    ],
    open: opens(1),
    openat: opens(2),
    fcntl: [{ arg: 1, oneOf: FCNTL_COMMANDS }],
    kill: [{ arg: 0, oneOf: [ownPid] }],
    tgkill: [{ arg: 0, oneOf: [ownPid] }],
    prctl: [{ arg: 0, oneOf: PRCTL_OPTIONS }],
    prlimit64: [{ arg: 0, oneOf: itself }],
    socketpair: [{ arg: 0, oneOf: [AF_UNIX] }],
    // To the other end of the pair, and to no address.
    sendto: [
      { arg: 4, oneOf: [0] },
      { arg: 4, half: "high", oneOf: [0] },
    ],
    ioctl: [{ arg: 1, oneOf: IOCTL_REQUESTS }],
  };
}

const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const argumentAt = ({ arg, half }: Condition): number => 16 + 8 * arg + (half === "high" ? 4 : 0);

const load = (at: number): Instruction => ({ code: LOAD, jt: 0, jf: 0, k: at });
const and = (mask: number): Instruction => ({ code: AND, jt: 0, jf: 0, k: mask });
const ret = (k: number): Instruction => ({ code: RETURN, jt: 0, jf: 0, k });
/** Goes on with `then` where it is equal, else behind it. */
const when = (k: number, then: readonly Instruction[]): readonly Instruction[] => [
  { code: JUMP_EQUAL, jt: 0, jf: then.length, k },
  ...then,
];

export function seccompProgram(architecture: Architecture, ownPid: number): readonly Instruction[] {
  const numbers = syscallNumbers(architecture);
  const each = (list: ReadonlyMap<string, number>, k: number): readonly Instruction[] =>
    [...list.values()].flatMap((number) => when(number, [ret(k)]));
  return [
    load(ARCHITECTURE_AT),
    { code: JUMP_EQUAL, jt: 1, jf: 0, k: AUDIT_ARCH[architecture] },
    ret(KILL_PROCESS),
    load(NUMBER_AT),
    { code: JUMP_AT_LEAST, jt: 0, jf: 1, k: X32_BIT },
    ret(KILL_PROCESS),
    ...each(numbers.free, ALLOW),
    ...conditionalCalls(numbers, ownPid),
    ...each(numbers.pretended, errno(NO_ERROR)),
    ...each(numbers.missing, errno(ENOSYS)),
    { code: JUMP_AT_LEAST, jt: 0, jf: 1, k: NEW_CALLS_FROM },
    ret(errno(ENOSYS)),
    ret(errno(EPERM)),
  ];
}

function conditionalCalls({ conditional }: SyscallNumbers, ownPid: number): readonly Instruction[] {
  const conditions = conditionsOf(ownPid);
  return [...conditional].flatMap(([name, number]) => {
    const no = errno(name === "ioctl" ? ENOTTY : EPERM);
    const checks = (conditions[name] ?? []).flatMap((condition) => checked(condition, no));
    // A call that is named conditional without a condition is refused, and not allowed.
    return when(number, [...checks, ret(checks.length > 0 ? ALLOW : no)]);
  });
}

function checked(condition: Condition, no: number): readonly Instruction[] {
  const value = load(argumentAt(condition));
  if ("oneOf" in condition) {
    const tries = condition.oneOf.map((k, index) => ({
      code: JUMP_EQUAL,
      jt: condition.oneOf.length - index,
      jf: 0,
      k,
    }));
    return [value, ...tries, ret(no)];
  }
  const { mask } = condition;
  if ("is" in condition) {
    return [value, and(mask), { code: JUMP_EQUAL, jt: 1, jf: 0, k: condition.is }, ret(no)];
  }
  return [value, and(mask), { code: JUMP_EQUAL, jt: 0, jf: 1, k: condition.isNot }, ret(no)];
}

/** As the kernel reads it: `struct sock_filter[]`. */
export function encoded(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, jt, jf, k }, index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  });
  return bytes;
}
