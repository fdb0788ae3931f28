// A run's folder, a root of the operator's and what lies outside of both, full of ways out; and the paths that try
// them. Whatever is called with them, outside nothing changes, and nothing of it is told.
// Where the code fails, an attack succeeds, and tests may run as root: nothing that writes is ever aimed at what is
// not in the test's own folder, which plays the machine (`etc/passwd` in it). Files of the real one are only read.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const SECRET = "the-secret-of-somebody-else";
/** Of a file outside. */
export const SECRET_NAME = "name-of-a-secret";

export interface Attacked {
  readonly dir: string;
  readonly filesDir: string;
  readonly root: string;
  readonly closed: string;
  close(): Promise<void>;
}

export async function openAttacked(): Promise<Attacked> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "pawl-attacks-")));
  chmodSync(dir, 0o755);
  const outside = join(dir, "outside");
  const filesDir = join(dir, "files", "tenant", "run");
  // As deep as the run's folder: `../../..` is still the test's own.
  const root = join(dir, "mounts", "host", "data");
  for (const place of [outside, `${root}-of-others`, join(dir, "files", "tenant", "other")]) {
    mkdirSync(join(place, "sub"), { recursive: true });
    for (const name of [SECRET_NAME, `sub/${SECRET_NAME}`])
      writeFileSync(join(place, name), SECRET);
  }
  mkdirSync(join(dir, "etc"));
  writeFileSync(join(dir, "etc", "passwd"), SECRET);
  const servers: Server[] = [];
  for (const place of [filesDir, root]) {
    mkdirSync(place, { recursive: true });
    plant(place, dir);
    const server = createServer();
    // Of a path only so long a socket can be.
    await new Promise<void>((done) => void server.listen(join(place, "s"), done));
    servers.push(server);
  }
  const closed = join(root, "state");
  mkdirSync(closed);
  writeFileSync(join(closed, SECRET_NAME), SECRET);
  const close = async (): Promise<void> => {
    for (const server of servers) await new Promise((done) => void server.close(done));
    rmSync(dir, { recursive: true, force: true });
  };
  return { dir, filesDir, root, closed, close };
}

/** What somebody may have left there who could. */
function plant(place: string, dir: string): void {
  const outside = join(dir, "outside");
  mkdirSync(join(place, "sub"));
  for (const name of ["ok.txt", "sub/ok.txt"]) writeFileSync(join(place, name), "fine\n");
  const links: Readonly<Record<string, string>> = {
    "link.txt": join(outside, "sub", SECRET_NAME),
    linkdir: outside,
    relative: "../../../outside",
    "sub/up": "..",
    self: ".",
    machine: dir,
    processes: "/proc/self",
    chain: "linkdir",
    chained: "chain",
    circle: "circle",
    dangling: join(outside, "made-by-a-link"),
    "dangling-dir": join(outside, "made-folder"),
    zero: "/dev/zero",
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(place, name));
  linkSync(join(outside, SECRET_NAME), join(place, "hard.txt"));
  execFileSync("mkfifo", [join(place, "pipe")]);
  try {
    execFileSync("mknod", [join(place, "device"), "c", "1", "5"], { stdio: "ignore" });
  } catch {
    // Only an administrator makes devices; then it is just not there.
  }
}

/** Below the place that is attacked: all of these are refused, whatever is asked. */
const PATHS = [
  ...["..", "../", "../x", "../../outside/x", "sub/../../x", "sub/..", "./../x", "sub/./../../x"],
  ...["../other/sub", "../../tenant/other/x", "x/../../y", ".../..", "sub//../../x", "sub//x"],
  ...[
    "..\\x",
    "..\\..\\outside",
    "sub\\..\\..\\x",
    "C:\\x",
    "\\\\host\\share",
    "x\0.txt",
    "..\0/x",
  ],
  ...["\u202e..", "..\u200b/x", "sub/\u2066x", "x\nroot:", "\ud800", "..\r", "sub/..\t/x"],
  ...["link.txt", "linkdir", "linkdir/sub", "relative/sub", "self/ok.txt", "sub/up/ok.txt"],
  ...["machine/etc/passwd"],
  ...["chain/sub", "chained/sub/x", "circle", "circle/x", "dangling", "dangling-dir/x", "zero"],
  ...[
    `linkdir/${SECRET_NAME}`,
    `chain/${SECRET_NAME}`,
    "pipe",
    "device",
    "s",
    "pipe/x",
    "ok.txt/x",
  ],
  ...["x/".repeat(40) + "x", "y".repeat(300), "é".repeat(130)],
] as const;

/** Of the real machine. */
const TO_READ = [
  ...[
    "/",
    "//",
    "//x",
    "/unsafe/secrets.txt",
    "/etc/passwd",
    "/etc/shadow",
    "/proc/self/environ",
    "/proc/self/root/etc/passwd",
  ],
  ...["/proc/self/fd/0", "/proc/1/root", "/dev/zero", "/dev/fd/0", "/sys/kernel", "/ETC/passwd"],
  ...["/./etc/passwd", "/../etc/passwd", "/etc/../etc/passwd", "/proc/self/cwd/package.json"],
];
const TO_READ_BELOW = ["environ", "root/etc/passwd", "cwd/package.json", "fd/0", "maps"].map(
  (name) => `processes/${name}`,
);

/** What is only a name to us: it may be made, inside. */
const NAMES = [
  "%2e%2e/x",
  "．．/x",
  "~/x",
  "~root",
  "$HOME/x",
  "..%2fx",
  "file:",
  "-rf",
  "&#46;",
  "%00",
];

export interface Attack {
  readonly path: string;
  /** False of what is only odd. */
  readonly isRefused: boolean;
  /** Whether to try it with tools that write as well. */
  readonly mayWrite: boolean;
}

export function attacksOnRun({ filesDir, root, dir }: Attacked): readonly Attack[] {
  const absolute = [
    ...[
      `${dir}/unsafe/secrets.txt`,
      filesDir,
      `${filesDir}/ok.txt`,
      `${dir}/outside/${SECRET_NAME}`,
    ],
    ...[`${dir}/etc/passwd`, `${dir}/./etc/passwd`, `/proc/self/root${dir}/etc/passwd`],
    ...[`${root}-of-others/${SECRET_NAME}`, `/${root}/ok.txt`, `/proc/self/root${root}/ok.txt`],
    ...[`${dir}/mounts/host/DATA/x`, `${root}/../outside/x`, `${root}/../etc/passwd`],
  ];
  const reading = refused([...TO_READ, ...TO_READ_BELOW], { mayWrite: false });
  return [...refused([...PATHS, ...absolute]), ...reading, ...odd(NAMES)];
}

export function attacksOnRoot({ root }: Attacked): readonly Attack[] {
  const isPlainHere = (path: string): boolean => !/[\\:]|^y+$|^é+$/.test(path);
  const inRoot = (path: string): string => `${root}/${path}`;
  const closed = [`${root}/state/x`, `${root}/state/${SECRET_NAME}`, `${root}/./state/x`];
  const strange = [String.raw`${root}/..\x`, `${root}/C:x`, ...NAMES.map(inRoot)];
  const reading = refused(TO_READ_BELOW.map(inRoot), { mayWrite: false });
  return [
    ...refused([...PATHS.filter(isPlainHere).map(inRoot), ...closed]),
    ...reading,
    ...odd(strange),
  ];
}

function refused(paths: readonly string[], { mayWrite = true } = {}): readonly Attack[] {
  return paths.map((path) => ({ path, isRefused: true, mayWrite }));
}

function odd(paths: readonly string[]): readonly Attack[] {
  return paths.map((path) => ({ path, isRefused: false, mayWrite: true }));
}

/** All that a tool may be called with, to go there. */
export function callsAt(
  path: string,
  mayWrite = true,
): readonly (readonly [string, Record<string, unknown>])[] {
  const reading = [
    ["read_file", { path }],
    ["list_files", { path }],
    ["list_files", { path, glob: "**" }],
  ] as const;
  const writing = [
    ["write_file", { path, content: "overwritten" }],
    ["edit_file", { path, find: SECRET, replace: "edited" }],
  ] as const;
  return mayWrite ? [...reading, ...writing] : reading;
}

/** All outside of the two places, by path: what it holds, who may use it, and which file it is. */
export function stateOutside({ dir, filesDir, root, closed }: Attacked): readonly string[] {
  return [...below(dir, [filesDir, root]), ...below(closed, [])].map((path) => {
    const stats = lstatSync(path);
    const held = stats.isFile() ? readFileSync(path, "utf8") : "";
    return [path, stats.mode, stats.uid, stats.ino, held].join(" ");
  });
}

function below(dir: string, without: readonly string[]): readonly string[] {
  return readdirSync(dir, { withFileTypes: true })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((found) => ({ path: join(dir, found.name), found }))
    .filter(({ path }) => !without.includes(path))
    .flatMap(({ path, found }) => [path, ...(found.isDirectory() ? below(path, without) : [])]);
}
