// Makes this process, all its threads and all its children, as a stock container's would be: Docker's capabilities and
// a filter that refuses new namespaces, mounts, BPF and tracing. For x86_64 and root alone.

import koffi from "koffi";

const syscall = koffi.load(null).func("syscall", "int64_t", Array(7).fill("int64_t"));

const REFUSED = [
  ...[101, 155, 165, 166, 272, 308, 321, 428, 429, 430, 431, 432, 433, 442],
  ...[250, 248, 249, 298, 323, 175, 176, 313, 246, 320, 304],
];
const CLONE = 56;
const CLONE3 = 435;
const NEW_NAMESPACES = 0x7e020000;
/** chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap. */
const KEPT = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31];

export function likeContainer() {
  const ret = (k) => [0x06, 0, 0, k];
  const refuse = (nr, errno) => [[0x15, 0, 1, nr], ret(0x00050000 + errno)];
  const program = [
    [0x20, 0, 0, 0],
    ...REFUSED.flatMap((nr) => refuse(nr, 1)),
    ...refuse(CLONE3, 38),
    [0x15, 0, 4, CLONE],
    [0x20, 0, 0, 16],
    [0x54, 0, 0, NEW_NAMESPACES],
    [0x15, 1, 0, 0],
    ret(0x00050001),
    ret(0x7fff0000),
  ];
  const code = Buffer.alloc(8 * program.length);
  program.forEach(([op, jt, jf, k], index) => {
    code.writeUInt16LE(op, 8 * index);
    code.writeUInt8(jt, 8 * index + 2);
    code.writeUInt8(jf, 8 * index + 3);
    code.writeUInt32LE(k, 8 * index + 4);
  });
  const header = Buffer.alloc(16);
  header.writeUInt16LE(program.length, 0);
  header.writeBigUInt64LE(koffi.address(code), 8);
  // seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC)
  if (syscall(317, 1, 1, koffi.address(header), 0, 0, 0) !== 0) throw new Error("no filter");
  for (let capability = 0; capability < 64; capability += 1) {
    if (!KEPT.includes(capability)) syscall(157, 24, capability, 0, 0, 0, 0);
  }
  const version = Buffer.alloc(8);
  version.writeUInt32LE(0x20080522, 0);
  const sets = Buffer.alloc(24);
  const bits = KEPT.reduce((sum, capability) => sum + 2 ** capability, 0);
  sets.writeUInt32LE(bits, 0);
  sets.writeUInt32LE(bits, 4);
  if (syscall(126, koffi.address(version), koffi.address(sets), 0, 0, 0, 0) !== 0) {
    throw new Error("no capabilities");
  }
}
