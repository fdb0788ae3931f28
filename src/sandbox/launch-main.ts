// The launcher: a Node process that gives up all it may do and then becomes another program, which keeps its process
// id and can't take any of it back. The order is one of need: each step still may what the next one takes away. Where
// one fails, nothing of the program runs.

import { writeFileSync, writeSync } from "node:fs";
import { setPriority } from "node:os";
import { prepareRuleset } from "./landlock.ts";
import { LAUNCHER_FD, type LaunchOrder } from "./launch-order.ts";
import { openNative, type Native } from "./native.ts";
import { threadsOfUser } from "./process-usage.ts";
import { encoded, seccompProgram } from "./seccomp-filter.ts";
import { ARCHITECTURES } from "./syscall-table.ts";

const PR_SET_PDEATHSIG = 1;
const PR_SET_SECCOMP = 22;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const SECCOMP_MODE_FILTER = 2;
const CAPABILITIES = 64;
const CAPABILITY_VERSION_3 = 0x20080522;
const SIGKILL = 9;
const CLOSE_RANGE_CLOEXEC = 4;
const F_SETFD = 2;
const NICER = 10;
/** Threads that other processes of the same user may start meanwhile: then the program is only watched (watched-child.ts). */
const OTHERS_TO_COME = 512;
const STACK_BYTES = 8 * 1024 * 1024;

const RLIMIT = {
  ...{ cpu: 0, fsize: 1, data: 2, stack: 3, core: 4, nproc: 6, nofile: 7, memlock: 8, as: 9 },
  ...{ sigpending: 11, msgqueue: 12, nice: 13, rtprio: 14 },
};

try {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own writing
  become(JSON.parse(process.argv[2] ?? "") as LaunchOrder);
} catch (error) {
  writeSync(LAUNCHER_FD, error instanceof Error ? error.message : String(error));
  process.exit(1);
}

function become(order: LaunchOrder): void {
  const architecture = ARCHITECTURES.find((known) => known === process.arch);
  if (architecture === undefined) throw new Error(`no list of system calls for ${process.arch}`);
  const native = openNative(architecture);
  const filter = filterProgram(native, encoded(seccompProgram(architecture, process.pid)));
  const program = programOf(native, order);
  diesFirst();
  process.umask(0o077);
  const others =
    order.identity.kind === "same" ? threadsOfUser(process.getuid?.() ?? 0) + OTHERS_TO_COME : 0;
  const ruleset = prepareRuleset(native, order);
  takeIdentity(native, order);
  process.chdir(order.folder);
  native.call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ruleset.enforce();
  keepThreeDescriptors(native);
  bind(native, order, others);
  native.call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter.header, 0, 0);
  // Node itself has mapped more than that already, and would not get any more memory.
  if (order.limits.addressBytes !== null) limit(native, RLIMIT.as, order.limits.addressBytes);
  native.call("execve", program.path, program.args, program.env);
}

/** Rather than anybody else, where memory is short; and it waits where others work. */
function diesFirst(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
    setPriority(NICER);
  } catch {
    // A kindness to others, and no part of the lock.
  }
}

function takeIdentity(native: Native, { identity, parentPid }: LaunchOrder): void {
  if (identity.kind === "apart") {
    native.call("setgroups", 0, 0);
    native.call("setresgid", identity.uid, identity.uid, identity.uid);
    native.call("setresuid", identity.uid, identity.uid, identity.uid);
  } else {
    native.attempt("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (let capability = 0; capability < CAPABILITIES; capability += 1) {
      native.attempt("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    const header = Buffer.alloc(8);
    header.writeUInt32LE(CAPABILITY_VERSION_3, 0);
    native.call("capset", header, Buffer.alloc(24));
  }
  // Forgotten by a process that changes its user, so not before.
  native.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (parentPid !== null && process.ppid !== parentPid) throw new Error("the worker is gone");
}

/** Node closes at an exec whatever it was given, and gives a program of its own three new ones. */
function keepThreeDescriptors(native: Native): void {
  native.call("close_range", LAUNCHER_FD, 0xffffffff, CLOSE_RANGE_CLOEXEC);
  for (let fd = 0; fd < LAUNCHER_FD; fd += 1) native.call("fcntl", fd, F_SETFD, 0);
}

/** The kernel counts the threads of a user, and not of a process: `others` are there already. */
function bind(native: Native, { limits }: LaunchOrder, others: number): void {
  const { cpuSeconds, fileBytes, memoryBytes, threads, descriptors } = limits;
  limit(native, RLIMIT.cpu, cpuSeconds);
  limit(native, RLIMIT.fsize, fileBytes);
  limit(native, RLIMIT.data, memoryBytes);
  limit(native, RLIMIT.stack, STACK_BYTES);
  limit(native, RLIMIT.nproc, others + threads);
  limit(native, RLIMIT.nofile, descriptors);
  for (const none of [RLIMIT.core, RLIMIT.memlock, RLIMIT.msgqueue, RLIMIT.nice, RLIMIT.rtprio]) {
    limit(native, none, 0);
  }
  limit(native, RLIMIT.sigpending, descriptors);
}

/** What is bound more tightly already stays so. */
function limit(native: Native, resource: number, most: number): void {
  const held = Buffer.alloc(16);
  native.call("prlimit64", 0, resource, 0, held);
  const wanted = BigInt(most);
  const hard = held.readBigUInt64LE(8);
  const bound = Buffer.alloc(16);
  bound.writeBigUInt64LE(wanted < hard ? wanted : hard, 0);
  bound.writeBigUInt64LE(wanted < hard ? wanted : hard, 8);
  native.call("prlimit64", 0, resource, bound, 0);
}

/** `struct sock_fprog`; who holds it holds the bytes that it points to. */
function filterProgram(native: Native, bytes: Buffer): { header: Buffer; bytes: Buffer } {
  const header = Buffer.alloc(16);
  header.writeUInt16LE(bytes.length / 8, 0);
  header.writeBigUInt64LE(native.addressOf(bytes), 8);
  return { header, bytes };
}

interface Program {
  readonly path: Buffer;
  readonly args: Buffer;
  readonly env: Buffer;
  readonly strings: readonly Buffer[];
}

function programOf(native: Native, { command, args, env }: LaunchOrder): Program {
  const path = Buffer.from(`${command}\0`);
  const words = [command, ...args].map((word) => Buffer.from(`${word}\0`));
  const variables = Object.entries(env).map(([name, value]) => Buffer.from(`${name}=${value}\0`));
  const listOf = (strings: readonly Buffer[]): Buffer => {
    const list = Buffer.alloc(8 * (strings.length + 1));
    strings.forEach((text, index) => list.writeBigUInt64LE(native.addressOf(text), 8 * index));
    return list;
  };
  const strings = [...words, ...variables];
  return { path, args: listOf(words), env: listOf(variables), strings };
}
