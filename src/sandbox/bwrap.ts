// Tier `bwrap`: the jail within namespaces of its own (users, processes, network, mounts), which bubblewrap makes.
// What the jail refuses is then not even there. It has to be installed, and many containers forbid namespaces.

import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, sep } from "node:path";
import { packageFile } from "../package-root.ts";
import { nativeProvider } from "./jail.ts";
import type { LaunchOrder } from "./launch-order.ts";
import { LAUNCHER, type Confinement } from "./native-program.ts";
import type { Runtime } from "./runtimes.ts";
import type { SandboxProvider } from "./sandbox.ts";

const NOBODY = "65534";

export function bwrapProvider(env: NodeJS.ProcessEnv): SandboxProvider {
  const folders = (env["PATH"] ?? "").split(delimiter);
  const bwrap = folders.map((folder) => join(folder, "bwrap")).find(existsSync);
  return nativeProvider("bwrap", {
    env,
    obstacle: () => (bwrap === undefined ? "bubblewrap is not installed" : null),
    ways: (runtime) => (bwrap === undefined ? [] : [wrapped(bwrap, runtime)]),
  });
}

function wrapped(bwrap: string, runtime: Runtime): Confinement {
  return {
    runtime,
    identity: "same",
    isDirect: false,
    wrap: (order) => ({
      command: bwrap,
      args: [
        ...["--unshare-all", "--unshare-user", "--uid", NOBODY, "--gid", NOBODY],
        ...["--cap-drop", "ALL", "--die-with-parent", "--new-session", "--clearenv"],
        ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
        ...mounts(order),
        ...["--chdir", order.folder, "--", process.execPath, LAUNCHER, JSON.stringify(order)],
      ],
      env: {},
      cwd: order.folder,
    }),
  };
}

/** What the launcher needs to begin, and what the program may read: the launcher takes the former away again. */
function mounts({ readable, executable, folder }: LaunchOrder): readonly string[] {
  const ofLauncher = [process.execPath, ...launcherFiles()];
  const shown = [...new Set([...readable, ...executable, ...ofLauncher])];
  // What lies in a folder that is shown is there already.
  const isOutermost = (path: string): boolean =>
    !shown.some((other) => path.startsWith(`${other}/`));
  return [
    ...shown
      .filter(existsSync)
      .filter(isOutermost)
      .flatMap((path) => ["--ro-bind", realpathSync(path), path]),
    ...["--bind", folder, folder],
  ];
}

function launcherFiles(): readonly string[] {
  const entry = createRequire(LAUNCHER).resolve("koffi");
  const packages = entry.slice(0, entry.lastIndexOf(join(sep, "koffi", sep)));
  return [
    ...[packageFile("package.json"), dirname(LAUNCHER)],
    ...[join(packages, "koffi"), join(packages, "@koromix")],
  ];
}
