// What a model calls a tool of a server: `server__tool`, in the letters and the length that the API takes. A name that
// doesn't fit is cut and gets a suffix that follows from itself alone, so that no other tool and no other server can
// change it: today's list and tomorrow's give the same tool the same name.
//
//   E6. No two tools of different servers have one name, whatever they call themselves.

import { createHash } from "node:crypto";

const NAME_CHARS_MAX = 64;
const PREFIX_CHARS_MAX = 40;
const SUFFIX_CHARS = 8;
const JOINT = "__";

/** No two underscores in a row, and none at an end: so the first joint of a name is where the server's ends. */
const PLAIN_SERVER = /^[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*$/;
const PLAIN_TOOL = /^[A-Za-z0-9_-]+$/;

/** `server__`: what all names of its tools begin with. */
export function namePrefix(server: string): string {
  const isPlain = PLAIN_SERVER.test(server) && server.length <= PREFIX_CHARS_MAX;
  return `${isPlain ? server : cutName(server, PREFIX_CHARS_MAX)}${JOINT}`;
}

export function toolName(server: string, tool: string): string {
  const prefix = namePrefix(server);
  const room = NAME_CHARS_MAX - prefix.length;
  const isPlain = PLAIN_TOOL.test(tool) && tool.length <= room;
  return `${prefix}${isPlain ? tool : cutName(tool, room)}`;
}

function cutName(name: string, room: number): string {
  const letters = name
    .replaceAll(/[^A-Za-z0-9-]+/g, "_")
    .slice(0, room - SUFFIX_CHARS - 1)
    .replaceAll(/^_+|_+$/g, "");
  const suffix = createHash("sha256").update(name).digest("hex").slice(0, SUFFIX_CHARS);
  return letters === "" ? suffix : `${letters}_${suffix}`;
}
