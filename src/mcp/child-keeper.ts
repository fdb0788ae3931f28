// What ends the servers that this process has started when it is killed itself (kill -9): a shell of its own that
// knows their process groups, and hears that the pipe from here has ended. One for all of them, begun with the first.

import { spawn, type ChildProcess } from "node:child_process";

/** Each line is a sign and a group: `+ 123`, `- 123`. */
const SCRIPT = `
groups=" "
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -9 -"$group" 2>/dev/null; done
`;

export interface ChildKeeper {
  knows(group: number): void;
  forgets(group: number): void;
  /** Ends those it knows, and itself. */
  end(): void;
}

export function startChildKeeper(): ChildKeeper {
  let shell: ChildProcess | null = null;
  const say = (sign: string, group: number): void => {
    shell ??= startShell();
    shell.stdin?.write(`${sign} ${group}\n`);
  };
  return {
    knows: (group) => say("+", group),
    forgets: (group) => say("-", group),
    end: () => {
      shell?.stdin?.end();
      shell = null;
    },
  };
}

/** In a session of its own: what ends this process and all of its group must not end it. */
function startShell(): ChildProcess {
  const shell = spawn("/bin/sh", ["-c", SCRIPT], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: {},
  });
  // Where there is no shell, servers end with the end of their input, as they should.
  shell.on("error", () => undefined);
  shell.stdin?.on("error", () => undefined);
  shell.unref();
  if (shell.stdin !== null && "unref" in shell.stdin && typeof shell.stdin.unref === "function")
    shell.stdin.unref();
  return shell;
}
