// Where the embedded Postgres listens: a Unix socket in a folder that only its owner can enter, so that no
// other user, container or web page reaches it. In the state folder, unless its path is too long for a socket:
// then in one of our own below the system's temporary folder, always the same for this state folder.

import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownUid } from "./private-file.ts";
import { closeFolder } from "./state-folder.ts";

/** As PostgreSQL's own clients expect it. */
const SOCKET_NAME = ".s.PGSQL.5432";
/** The shortest of the systems that Pawl runs on (macOS); Linux takes 107. */
const PATH_BYTES_MAX = 103;

export function socketIn(folder: string): string {
  return join(folder, SOCKET_NAME);
}

/** Makes the folder where it is not the state folder itself. Throws PawlError CONFIG where another has it. */
export function socketFolder(stateDir: string, temporary = tmpdir()): string {
  if (fits(stateDir)) return stateDir;
  const name = createHash("sha256").update(`${ownUid()}:${stateDir}`).digest("hex").slice(0, 16);
  const folder = join(temporary, `pawl-${name}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  closeFolder(folder);
  return folder;
}

function fits(folder: string): boolean {
  return Buffer.byteLength(socketIn(folder)) <= PATH_BYTES_MAX;
}
