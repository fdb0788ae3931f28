// The image without Docker: the very steps and settings of the Dockerfile in a folder, and processes in it as its
// user, without a capability, on a root that can only be read. Linux alone, as root, and with namespaces.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { startProcess, type Process } from "../support/processes.ts";

export interface Image {
  readonly dir: string;
  readonly uid: number;
  readonly gid: number;
  /** What the image says of the environment, for the places where it is mounted here. */
  readonly env: NodeJS.ProcessEnv;
  remove(): void;
}

/** An empty folder of the host in place of the image's here; the image has its files there. */
const ROOT = "/srv";
/** Its user may be one that nobody knows, as in a cluster. */
const NO_HOME = "/nonexistent";

/** Why the image can't be tried on this machine; null where it can. */
export function whyNotHere(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  const tried = spawnSync("unshare", ["-m", "setpriv", "--no-new-privs", "true"]);
  return tried.status === 0 ? null : "needs unshare and setpriv";
}

export function buildByHand(): Image {
  const dockerfile = readFileSync(packageFile("Dockerfile"), "utf8").replaceAll("\\\n", " ");
  const lines = (instruction: RegExp): readonly string[] =>
    Array.from(dockerfile.matchAll(instruction), ([, found = ""]) => found);
  const [uid = 0, gid = 0] = lines(/^USER (.*)$/gm).flatMap((user) => user.split(":").map(Number));
  const dir = mkdtempSync(join(tmpdir(), "pawl-image-"));
  chmodSync(dir, 0o755);
  const build = join(dir, "build");
  const app = join(dir, "app");
  mkdirSync(build);
  mkdirSync(app);
  const copied = lines(/^COPY --from=build \/app\/([\w.-]+) \.\/[\w.-]*$/gm);
  for (const name of new Set([...copied, "package.json", "package-lock.json"])) {
    execFileSync("cp", ["-al", packageFile(name), join(build, name)]);
  }
  // The packages are installed, and the build is as fresh as the tests want it.
  const [steps = ""] = lines(/^RUN npm run build\s+&& (.*)$/gm);
  execFileSync("sh", ["-ec", steps], {
    cwd: build,
    env: { ...process.env, npm_config_offline: "true" },
  });
  for (const name of copied) execFileSync("mv", [join(build, name), join(app, name)]);
  const settings = Object.fromEntries(
    lines(/^ENV (.*)$/gm).map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  return {
    dir,
    uid,
    gid,
    env: { ...settings, PAWL_FILES_DIR: `${ROOT}${settings["PAWL_FILES_DIR"]}` },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** As Docker makes a named volume: its owner is that of the folder in the image. */
export function makeVolume({ dir, uid, gid }: Image): string {
  const volume = join(dir, "volume");
  mkdirSync(volume, { mode: 0o700 });
  chownSync(volume, uid, gid);
  return volume;
}

const MOUNTS = `
mount -t tmpfs tmpfs "$ROOT"
mkdir "$ROOT/app"
install -d -o "$OWNER" -g "$GROUP" -m 0700 "$PAWL_FILES_DIR"
mount --bind "$IMAGE/app" "$ROOT/app"
if [ -n "$VOLUME" ]; then mount --bind "$VOLUME" "$PAWL_FILES_DIR"; fi
mount -o remount,bind,ro "$ROOT/app"
mount -o remount,ro "$ROOT"
mount -t tmpfs tmpfs /tmp
mount -o remount,bind,ro /
cd "$ROOT/app"
unset IMAGE OWNER GROUP VOLUME ROOT
exec setpriv --reuid "$0" --regid "$1" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all node bin/pawl.js "\${@:2}"
`;

/** `pawl ARGS` as in a container with \`read_only: true\` and a tmpfs at /tmp; `volume` where one is mounted. */
export function startInImage(
  image: Image,
  args: readonly string[],
  { env, volume = "" }: { readonly env: NodeJS.ProcessEnv; readonly volume?: string },
): Process {
  const { dir, uid, gid } = image;
  const ids = { OWNER: String(uid), GROUP: String(gid) };
  return startProcess("unshare", ["-m", "bash", "-ec", MOUNTS, String(uid), String(gid), ...args], {
    env: { ...env, HOME: NO_HOME, ...image.env, ...ids, IMAGE: dir, VOLUME: volume, ROOT },
  });
}
