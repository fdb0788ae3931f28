// SIGHUP is how logs are rotated (logrotate, `systemctl reload`): the file of the log is opened again by its name, and
// nothing else changes. Where there is no such file it says that a terminal was closed: whoever served somebody
// there ends as if it were told to, and a process that no terminal ever saw takes no notice.

import type { Config } from "../config.ts";

/** Until `stop` is called. */
export function hearHangups(
  { file }: Pick<Config["log"], "file">,
  { reopenLog }: { readonly reopenLog: () => void },
): { stop(): void } {
  // Asked now: a terminal that is closed is none any more.
  const { isTTY } = process.stderr;
  const heed = (): void => {
    if (file !== undefined) reopenLog();
    else if (isTTY) process.kill(process.pid, "SIGTERM");
  };
  process.on("SIGHUP", heed);
  return { stop: () => void process.removeListener("SIGHUP", heed) };
}

/** Before there is a log to open again: a rotation in the first second ends nothing. For good. */
export function ignoreHangups(): void {
  process.on("SIGHUP", nothing);
}

function nothing(): void {}
