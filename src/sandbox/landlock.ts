// Which files a program may touch, by Landlock: nothing but what is named. Rights that the kernel does not know yet
// are left out, and held by the filter of system calls instead (no sockets, no signals, no truncate by path), or by
// what Landlock refused from its first version on (moving files between folders).

import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { LaunchOrder } from "./launch-order.ts";
import type { Native } from "./native.ts";

const EXECUTE = 1n << 0n;
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const TRUNCATE = 1n << 14n;
const IOCTL_DEV = 1n << 15n;
const ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
const MAKES_DEVICES = (1n << 6n) | (1n << 9n) | (1n << 10n) | (1n << 11n);

/** By version of the kernel's Landlock: how many rights on files it knows. */
const FILE_RIGHTS: readonly number[] = [13, 14, 15, 15, 16];
const NET_SINCE = 4;
const NET_RIGHTS = 0b11n;
const SCOPES_SINCE = 6;
/** Abstract Unix sockets and signals. */
const SCOPES = 0b11n;

const ASK_FOR_VERSION = 1;
const PATH_BENEATH = 1;
const O_PATH = 0x200000;

const DEVICES: readonly (readonly [path: string, rights: bigint])[] = [
  ["/dev/null", READ_FILE | WRITE_FILE],
  ["/dev/zero", READ_FILE],
  ["/dev/urandom", READ_FILE],
  ["/dev/random", READ_FILE],
];

export interface Ruleset {
  enforce(): void;
}

/** Throws where the kernel has no Landlock. */
export function prepareRuleset(
  native: Native,
  { folder, readable, executable }: Pick<LaunchOrder, "folder" | "readable" | "executable">,
): Ruleset {
  const version = native.call("landlock_create_ruleset", 0, 0, ASK_FOR_VERSION);
  const all = (1n << BigInt(FILE_RIGHTS[Math.min(version, FILE_RIGHTS.length) - 1] ?? 0)) - 1n;
  const net = version >= NET_SINCE ? NET_RIGHTS : 0n;
  const scopes = version >= SCOPES_SINCE ? SCOPES : 0n;
  const fields = [all, ...(net > 0n ? [net] : []), ...(scopes > 0n ? [scopes] : [])];
  const attributes = Buffer.alloc(8 * fields.length);
  fields.forEach((field, index) => attributes.writeBigUInt64LE(field, 8 * index));
  const ruleset = native.call("landlock_create_ruleset", attributes, attributes.length, 0);
  const allow = (path: string, rights: bigint): void =>
    addRule(native, ruleset, { path, rights: rights & all });
  allow(folder, all & ~MAKES_DEVICES & ~EXECUTE & ~IOCTL_DEV);
  for (const path of readable) allow(path, READ_FILE | READ_DIR);
  for (const path of executable) allow(path, READ_FILE | EXECUTE);
  for (const [path, rights] of DEVICES) allow(path, rights);
  return { enforce: () => void native.call("landlock_restrict_self", ruleset, 0) };
}

interface Rule {
  readonly path: string;
  readonly rights: bigint;
}

function addRule(native: Native, ruleset: number, { path, rights }: Rule): void {
  const fd = openedAt(path);
  if (fd === null) return;
  const isFolder = fstatSync(fd).isDirectory();
  const rule = Buffer.alloc(12);
  rule.writeBigUInt64LE(isFolder ? rights : rights & ON_FILES, 0);
  rule.writeInt32LE(fd, 8);
  native.call("landlock_add_rule", ruleset, PATH_BENEATH, rule, 0);
  closeSync(fd);
}

/** Null of what is not there: nothing need be allowed of it. */
function openedAt(path: string): number | null {
  try {
    return openSync(path, O_PATH | constants.O_RDONLY);
  } catch {
    return null;
  }
}
