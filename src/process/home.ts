// The folder of a user's own. A container gives a process any number for a user, whom no list of users knows: Node
// throws where it is asked for the home of such a one, and says "" where HOME is empty.

import { userInfo } from "node:os";

/** Null where there is none. */
export function homeIn(env: NodeJS.ProcessEnv): string | null {
  return env["HOME"] || homeOfUser();
}

function homeOfUser(): string | null {
  try {
    return userInfo().homedir || null;
  } catch {
    return null;
  }
}
