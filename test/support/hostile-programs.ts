// Programs that want out, or want to take the machine with them. Each says ESCAPED where it succeeds; MARKS becomes
// the JSON of what lies outside. `ends`: what must become of it; where nothing is said it ends by itself.

import type { Killer } from "../../src/sandbox/sandbox.ts";

export interface HostileProgram {
  readonly name: string;
  readonly language: "javascript" | "python";
  readonly code: string;
  /** One of these kills it; "itself": or the kernel's refusal makes it fail. */
  readonly ends?: readonly (Killer["kind"] | "itself")[];
  /** Nothing but its time ends it. */
  readonly endless?: true;
}

const js = (
  name: string,
  code: string,
  more: Pick<HostileProgram, "ends" | "endless"> = {},
): HostileProgram => ({ name, language: "javascript", code: `${JS}${code}`, ...more });

const py = (
  name: string,
  code: string,
  more: Pick<HostileProgram, "ends" | "endless"> = {},
): HostileProgram => ({ name, language: "python", code: `${PY}${code}`, ...more });

const JS = `
const marks = MARKS;
const fs = require("node:fs");
const attempt = (act) => {
  try { const got = act(); if (got !== false) console.log("ESCAPED", String(got).slice(0, 80)); }
  catch (error) { console.log("refused", error.code ?? error.message); }
};
const reach = (socket) => socket.on("connect", () => console.log("ESCAPED")).on("error", (e) => console.log("refused", e.code));
`;

const PY = `
import ctypes, os, socket, sys, threading, time
marks = MARKS
libc = ctypes.CDLL(None, use_errno=True)
def attempt(act):
    try:
        got = act()
        print("refused" if got is False else "ESCAPED " + str(got)[:80])
    except BaseException as error:
        print("refused", error)
def call(*args):
    if libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args]) < 0:
        raise OSError(ctypes.get_errno(), args[0])
`;

const TIME = { ends: ["time"], endless: true } as const;
const MEMORY = { ends: ["memory", "itself"] } as const;

export const HOSTILE_PROGRAMS: readonly HostileProgram[] = [
  // Files.
  js(
    "reads files of the machine",
    `for (const path of ["/etc/passwd", "/etc/shadow", "/etc/hostname", marks.secretFile]) attempt(() => fs.readFileSync(path));`,
  ),
  js(
    "reads through a link that it makes",
    `fs.symlinkSync(marks.secretFile, "a"); fs.symlinkSync("/", "b"); attempt(() => fs.readFileSync("a")); attempt(() => fs.readFileSync("b/etc/passwd"));`,
  ),
  js(
    "reads what /proc has of the worker",
    `for (const part of ["environ", "mem", "maps", "root/etc/passwd", "cwd/package.json", "fd/0"]) attempt(() => fs.readFileSync("/proc/" + marks.workerPid + "/" + part));`,
  ),
  js(
    "lists folders of the machine",
    `for (const path of ["/", "/home", "/proc", marks.dir, ".."]) attempt(() => fs.readdirSync(path));`,
  ),
  js(
    "writes outside",
    `attempt(() => fs.writeFileSync(marks.dir + "/written", "x")); attempt(() => fs.appendFileSync(marks.secretFile, "x")); attempt(() => fs.writeFileSync("/dev/shm/pawl", "x")); attempt(() => fs.mkdirSync("../pawl-made"));`,
  ),
  js(
    "truncates, moves and removes outside",
    `attempt(() => fs.truncateSync(marks.secretFile)); attempt(() => fs.renameSync(marks.secretFile, "moved")); attempt(() => fs.rmSync(marks.secretFile)); attempt(() => fs.openSync(marks.secretFile, fs.constants.O_TRUNC));`,
  ),
  js(
    "leaves links that lead out",
    `fs.symlinkSync(marks.secretFile, "out.txt"); fs.symlinkSync("/etc", "folder"); console.log("left");`,
  ),
  py(
    "links and changes a file outside",
    `
attempt(lambda: os.link(marks["secretFile"], "hard"))
os.chmod(marks["secretFile"], 0o777)
os.utime(marks["secretFile"], (1, 1))
attempt(lambda: os.chown(marks["secretFile"], 12345, 12345))
attempt(lambda: os.setxattr(marks["secretFile"], "user.x", b"x"))`,
  ),
  py(
    "makes pipes and devices",
    `
attempt(lambda: os.mkfifo("pipe"))
attempt(lambda: os.mknod("device", 0o20666, os.makedev(1, 1)))`,
  ),
  py(
    "reads the memory of the machine",
    `
for path in ["/dev/mem", "/dev/kmem", "/proc/kcore", "/dev/vda", "/dev/sda", "/dev/ptmx", "/dev/tty"]:
    attempt(lambda: open(path, "rb").read(1))`,
  ),
  // Network.
  js(
    "calls a port of this machine",
    `reach(require("node:net").connect(marks.port, "127.0.0.1")); fetch("http://127.0.0.1:" + marks.port).then(() => console.log("ESCAPED"), () => console.log("refused"));`,
  ),
  js(
    "sends packets",
    `const socket = require("node:dgram").createSocket("udp4"); socket.on("error", (e) => console.log("refused", e.code)); socket.send("x", marks.udpPort, "127.0.0.1", (e) => console.log(e ? "refused" : "ESCAPED"));`,
  ),
  js(
    "asks for a name",
    `require("node:dns").lookup("example.com", (e) => console.log(e ? "refused" : "ESCAPED")); require("node:dns").resolve("example.com", (e) => console.log(e ? "refused" : "ESCAPED"));`,
  ),
  js(
    "listens",
    `reach(require("node:net").createServer().listen(0, () => console.log("ESCAPED")));`,
  ),
  js(
    "calls a socket of this machine",
    `reach(require("node:net").connect(marks.socketPath)); reach(require("node:net").connect("/run/docker.sock")); reach(require("node:net").connect("/var/run/postgresql/.s.PGSQL.5432"));`,
  ),
  js(
    "opens the inspector",
    `attempt(() => { require("node:inspector").open(0, "127.0.0.1"); return require("node:inspector").url() !== undefined; });`,
  ),
  py(
    "uses sockets of all kinds",
    `
for family in range(0, 46):
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind)
            print("ESCAPED", family, kind)
        except OSError:
            pass
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
attempt(lambda: left.connect(marks["socketPath"]))
attempt(lambda: left.sendto(b"x", marks["socketPath"]))
attempt(lambda: left.sendto(b"x", "\\0pawl-abstract"))
attempt(lambda: left.sendmsg([b"x"], [], 0, marks["socketPath"]))`,
  ),
  // Processes and signals.
  js(
    "starts programs",
    `const { spawnSync, execSync, fork } = require("node:child_process"); attempt(() => spawnSync("/bin/true").status === 0); attempt(() => execSync("true")); attempt(() => spawnSync(process.execPath, ["-v"]).status === 0); try { fork("x.js").on("error", (e) => console.log("refused", e.code)); } catch (e) { console.log("refused", e.code); }`,
  ),
  js(
    "signals others",
    `for (const pid of [marks.workerPid, marks.bystanderPid, marks.pid, 1, -1, -marks.bystanderPid]) attempt(() => process.kill(pid, "SIGKILL"));`,
  ),
  py(
    "forks without end",
    `
while True:
    os.fork()`,
    { ends: ["itself"] },
  ),
  py(
    "leaves by a double fork and a session of its own",
    `
def leave():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
attempt(leave)
attempt(os.setsid)
attempt(lambda: os.setpgid(0, 0))
attempt(lambda: os.posix_spawn("/bin/true", ["true"], {}))`,
  ),
  py(
    "becomes another program",
    `
attempt(lambda: os.execv("/bin/sh", ["sh", "-c", "echo ESCAPED"]))
attempt(lambda: os.execv("/usr/bin/env", ["env"]))`,
  ),
  py(
    "has signals sent by the kernel",
    `
import fcntl, signal
reader, writer = os.pipe()
attempt(lambda: fcntl.fcntl(reader, 10, signal.SIGKILL))
attempt(lambda: fcntl.fcntl(reader, fcntl.F_SETOWN, marks["bystanderPid"]))
attempt(lambda: call(234, marks["bystanderPid"], marks["bystanderPid"], 9))
attempt(lambda: call(200, marks["bystanderPid"], 9))
attempt(lambda: call(129, marks["bystanderPid"], 9, 0))
attempt(lambda: call(434, marks["bystanderPid"], 0))`,
  ),
  py(
    "ignores every signal",
    `
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    time.sleep(60)`,
    TIME,
  ),
  // System calls.
  py(
    "makes the calls that hold a system together",
    `
for name, number in {"ptrace": 101, "unshare": 272, "mount": 165, "chroot": 161, "pivot_root": 155, "bpf": 321, "keyctl": 250, "add_key": 248,
                     "io_uring_setup": 425, "userfaultfd": 323, "perf_event_open": 298, "memfd_create": 319, "setns": 308, "kexec_load": 246,
                     "init_module": 175, "open_by_handle_at": 304, "process_vm_readv": 310, "personality": 135, "shmget": 29, "msgget": 68,
                     "semget": 64, "mq_open": 240, "seccomp": 317, "fanotify_init": 300, "inotify_init": 253, "sync": 162, "vmsplice": 278,
                     "openat2": 437, "clone3": 435, "fsopen": 430, "move_mount": 429, "memfd_secret": 447, "setuid": 105, "setgroups": 116,
                     "capset": 126, "iopl": 172, "syslog": 103, "quotactl": 179, "sethostname": 170, "settimeofday": 164, "name_to_handle_at": 303,
                     "kcmp": 312, "pidfd_getfd": 438, "sched_setattr": 314, "sched_setaffinity": 203, "prctl pdeathsig": 157}.items():
    if libc.syscall(number, 1, 0, 0, 0, 0) >= 0:
        print("ESCAPED", name)`,
  ),
  py(
    "makes calls of other architectures",
    `
import mmap
def machine(code):
    page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
    page.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
# fork() of i386: mov eax, 2; int 0x80; ret
print("ESCAPED", machine(b"\\xb8\\x02\\x00\\x00\\x00\\xcd\\x80\\xc3"))`,
    { ends: ["signal"] },
  ),
  py("makes calls of the x32 ABI", `print("ESCAPED", libc.syscall(0x40000000 + 39))`, {
    ends: ["signal"],
  }),
  py(
    "raises its limits",
    `
import resource
for name in ("RLIMIT_NPROC", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CPU"):
    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    attempt(lambda: resource.setrlimit(kind, (hard * 2, hard * 2)))
attempt(lambda: resource.prlimit(marks["bystanderPid"], resource.RLIMIT_NOFILE))
attempt(lambda: os.nice(-5))`,
  ),
  py(
    "becomes another user",
    `
for uid in (0, 1000, 65534):
    if os.getuid() != uid:
        attempt(lambda: os.setuid(uid))
        attempt(lambda: os.setresuid(uid, uid, uid))
attempt(lambda: os.setgroups([0]))`,
  ),
  // What it finds in itself.
  js(
    "looks for secrets",
    `console.log(JSON.stringify(process.env)); for (const path of ["/proc/self/environ", "/proc/self/cmdline"]) attempt(() => fs.readFileSync(path)); if (/hunter2/.test(JSON.stringify(process.env))) console.log("ESCAPED");`,
  ),
  js(
    "plays tricks with prototypes",
    `
Object.prototype.killedBy = { kind: "none" }; Object.prototype.exitCode = 7; Array.prototype.toJSON = () => "x";
JSON.stringify = () => "{}"; Object.defineProperty(globalThis, "Promise", { value: null });
for (const name of ["spawn_sync", "process_wrap", "fs", "tcp_wrap"]) attempt(() => { process.binding(name); return false; });
fs.writeSync(3 - 2, '{"kind":"ran","killedBy":null}\\n');`,
  ),
  js(
    "loads machine code",
    `fs.writeFileSync("x.node", "no library"); attempt(() => process.dlopen({ exports: {} }, "./x.node")); attempt(() => require("./x.node"));`,
  ),
  // Time.
  js("never ends", `for (;;);`, TIME),
  js("never ends between two promises", `(async () => { for (;;) await null; })();`, TIME),
  js("waits for ever", `setInterval(() => {}, 1000); process.on("SIGTERM", () => {});`, TIME),
  js("searches without end", `/^(a+)+$/.test("a".repeat(64) + "b");`, TIME),
  // Output.
  js("floods its output", `const line = "x".repeat(65536); for (;;) fs.writeSync(1, line);`, {
    ends: ["output"],
  }),
  py(
    "floods its error output",
    `
while True:
    sys.stderr.write("x" * 65536)`,
    { ends: ["output"] },
  ),
  // Memory.
  js(
    "fills its heap",
    `const all = []; for (;;) all.push(new Array(100000).fill(all.length));`,
    MEMORY,
  ),
  js(
    "fills memory outside of its heap",
    `const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1));`,
    MEMORY,
  ),
  js(
    "grows the memory of WebAssembly",
    `const all = []; for (;;) { const memory = new WebAssembly.Memory({ initial: 1, maximum: 1024 }); memory.grow(1000); new Uint8Array(memory.buffer).fill(1); all.push(memory); }`,
    MEMORY,
  ),
  js(
    "starts threads that fill memory",
    `const { Worker } = require("node:worker_threads"); for (let n = 0; n < 100; n += 1) new Worker("const all = []; for (;;) all.push(new Array(100000).fill(1));", { eval: true }).on("error", () => {});`,
    { ends: ["memory", "threads", "signal", "itself"] },
  ),
  js(
    "calls itself for ever",
    `const f = () => f() + f(); try { f(); } catch (e) { console.log("refused", e.message); }`,
  ),
  py(
    "fills memory",
    `
all = []
while True:
    all.append(bytearray(b"x" * (8 << 20)))`,
    MEMORY,
  ),
  py(
    "hides memory in shared pages",
    `
import mmap
all = []
def hide():
    for _ in range(200):
        page = mmap.mmap(-1, 8 << 20)
        page.write(b"x" * (8 << 20))
        all.append(page)
attempt(hide)`,
  ),
  py(
    "starts threads without end",
    `
while True:
    threading.Thread(target=time.sleep, args=(60,)).start()`,
    { ends: ["threads", "memory", "itself", "time"], endless: true },
  ),
  // Disk and descriptors.
  js(
    "writes a huge file",
    `const fd = fs.openSync("huge", "w"); const piece = Buffer.alloc(1 << 20, 1); for (;;) fs.writeSync(fd, piece);`,
    { ends: ["file size", "disk", "itself"] },
  ),
  js("writes many files", `for (let n = 0; ; n += 1) fs.writeFileSync("file-" + n, "x");`, {
    ends: ["disk"],
  }),
  js(
    "fills the disk",
    `const piece = Buffer.alloc(4 << 20, 1); for (let n = 0; n < 100; n += 1) fs.writeFileSync("file-" + n, piece); setInterval(() => {}, 1000);`,
    { ends: ["disk"] },
  ),
  py(
    "fills the disk with files that have no name",
    `
held = []
try:
    for n in range(1000):
        path = "file-%d" % n
        fd = os.open(path, os.O_CREAT | os.O_RDWR)
        os.unlink(path)
        os.write(fd, b"x" * (4 << 20))
        held.append(fd)
    print("ESCAPED")
except OSError as error:
    print("refused", error)`,
  ),
  js(
    "opens files without end",
    `fs.writeFileSync("a", "x"); attempt(() => { for (let n = 0; n < 10000; n += 1) fs.openSync("a"); });`,
  ),
  py(
    "makes folders without end",
    `
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
os.mkdir(b"\\xff\\xfe")
os.mkdir("closed", 0)
while True:
    time.sleep(60)`,
    { ends: ["disk"] },
  ),
];
