// What the probe runs inside: each way is tried by itself, and named where it is open. MARKS becomes the JSON of the
// marks that the probe has set up outside.

export const JAVASCRIPT_ESCAPES = `
const marks = MARKS;
const isNode = typeof process !== "undefined" && typeof process.versions?.node === "string";
const open = (name) => console.log("open: " + name);
async function attempt(name, act) {
  try {
    if ((await act()) !== false) open(name);
  } catch {}
}
async function tryNode() {
  const fs = await import("node:fs");
  const net = await import("node:net");
  const { spawnSync } = await import("node:child_process");
  const path = await import("node:path");
  await attempt("reads a file", () => fs.readFileSync(marks.secretFile, "utf8"));
  await attempt("reads a file through a link", () => {
    fs.symlinkSync(marks.secretFile, "link");
    return fs.readFileSync("link", "utf8");
  });
  await attempt("lists a folder", () => fs.readdirSync(marks.dir));
  await attempt("writes a file", () => fs.writeFileSync(path.join(marks.dir, "written"), "x"));
  await attempt("truncates a file", () => fs.truncateSync(marks.secretFile));
  await attempt("links a file", () => fs.linkSync(marks.secretFile, "hard"));
  await attempt("moves a file", () => fs.renameSync(marks.secretFile, "moved"));
  await attempt("reads users", () => fs.readFileSync("/etc/passwd", "utf8"));
  await attempt("reads an environment", () => fs.readFileSync("/proc/" + marks.pid + "/environ"));
  await attempt("reads through a root", () =>
    fs.readFileSync("/proc/" + marks.pid + "/root" + marks.secretFile));
  await attempt("signals", () => process.kill(marks.pid, 0));
  await attempt("starts a program", () => spawnSync(process.execPath, ["-v"]).status === 0);
  await attempt("has an environment", () =>
    Object.keys(process.env).some((name) => /KEY|TOKEN|SECRET|DATABASE|PASSWORD/.test(name)));
  const reach = (to) => () =>
    new Promise((resolve) => {
      const socket = net.connect(to);
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    });
  await attempt("reaches a port", reach({ host: "127.0.0.1", port: marks.port }));
  await attempt("reaches a socket", reach({ path: marks.socketPath }));
  await attempt("listens", () => new Promise((resolve) => {
    const server = net.createServer().on("error", () => resolve(false));
    server.listen(0, () => server.close(() => resolve(true)));
  }));
}
async function tryBare() {
  for (const name of ["require", "process", "fetch", "WebSocket", "Deno", "Bun", "std", "os"]) {
    await attempt("has " + name, () => typeof globalThis[name] !== "undefined");
  }
  await attempt("imports", () => import("node:fs"));
  await attempt("makes a function outside", () =>
    typeof console.log.constructor("return this")().process !== "undefined");
  await attempt("reads a file", () => readFile(marks.secretFile));
  await attempt("reads a file by steps", () => readFile("../../etc/passwd"));
  await attempt("writes a file", () => writeFile(marks.dir + "/written", "x"));
}
await (isNode ? tryNode() : tryBare());
console.log("tried everything");
`;

export const PYTHON_ESCAPES = `
import ctypes, os, signal, socket, subprocess
marks = MARKS
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, act):
    try:
        if act() is not False:
            print("open: " + name)
    except BaseException:
        pass
def succeeds(result):
    return result >= 0
def connect(kind, address):
    with socket.socket(kind) as one:
        one.connect(address)
def link():
    os.symlink(marks["secretFile"], "link")
    return open("link").read()
def outside(name):
    return os.path.join(marks["dir"], name)
attempt("reads a file", lambda: open(marks["secretFile"]).read())
attempt("reads a file through a link", link)
attempt("lists a folder", lambda: os.listdir(marks["dir"]))
attempt("writes a file", lambda: open(outside("written"), "w"))
attempt("truncates a file", lambda: os.truncate(marks["secretFile"], 0))
attempt("links a file", lambda: os.link(marks["secretFile"], "hard"))
attempt("moves a file", lambda: os.rename(marks["secretFile"], "moved"))
attempt("makes a folder", lambda: os.mkdir(outside("made")))
attempt("reads users", lambda: open("/etc/passwd").read())
attempt("reads an environment", lambda: open("/proc/%d/environ" % marks["pid"]).read())
attempt("signals", lambda: os.kill(marks["pid"], 0))
attempt("signals by tgkill", lambda: succeeds(libc.tgkill(marks["pid"], marks["pid"], 0)))
attempt("forks", lambda: os.fork() or os._exit(0))
attempt("starts a program", lambda: subprocess.run(["/bin/true"]))
attempt("reaches a port", lambda: connect(socket.AF_INET, ("127.0.0.1", marks["port"])))
attempt("reaches a socket", lambda: connect(socket.AF_UNIX, marks["socketPath"]))
attempt("has packets", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
attempt("has a session of its own", os.setsid)
attempt("is traced", lambda: succeeds(libc.ptrace(0, 0, 0, 0)))
attempt("makes a namespace", lambda: succeeds(libc.unshare(0x10000000)))
attempt("mounts", lambda: succeeds(libc.mount(b"none", b".", b"tmpfs", 0, None)))
attempt("has memory of no file", lambda: succeeds(libc.memfd_create(b"x", 0)))
attempt("has shared memory", lambda: succeeds(libc.shmget(0, 4096, 0o1600)))
attempt("has another user", lambda: os.setuid(0) if os.getuid() != 0 else False)
print("tried everything")
`;
