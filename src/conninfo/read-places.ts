// Where to: one or several hosts, each with its port, or the folders of Unix sockets.

import type { Place } from "./access.ts";
import { complain, type Said, type Words } from "./words.ts";

const PORT_DEFAULT = 5432;
const HOST_DEFAULT = "localhost";

/** Throws ConninfoError. */
export function readPlaces(words: Words): readonly Place[] {
  const hosts = listOf(words.get("host"));
  const addresses = listOf(words.get("hostaddr"));
  const ports = listOf(words.get("port"));
  const count = Math.max(hosts.length, addresses.length, 1);
  const host = words.get("host");
  if (host !== undefined && addresses.length > 0 && addresses.length !== hosts.length) {
    complain(host, "host and hostaddr name different numbers of hosts");
  }
  const port = words.get("port");
  if (port !== undefined && ports.length > 1 && ports.length !== count) {
    complain(port, `it names ${ports.length} ports for ${count} hosts`);
  }
  return Array.from({ length: count }, (_, index) => {
    const name = hosts[index] || addresses[index] || HOST_DEFAULT;
    const number = portIn(port, ports.length === 1 ? ports[0] : ports[index]);
    if (name.startsWith("/")) return { kind: "socket", path: `${name}/.s.PGSQL.${number}` };
    if (host !== undefined && name.startsWith("@")) {
      complain(
        host,
        "a socket without a folder (@…) is not supported: name a folder, such as %2Frun%2Fpostgresql",
      );
    }
    return { kind: "tcp", host: name, address: addresses[index] || name, port: number };
  });
}

function listOf(said: Said | undefined): readonly string[] {
  if (said === undefined) return [];
  return said.value.split(/(?<!\\),/).map((item) => item.trim().replaceAll("\\,", ","));
}

function portIn(said: Said | undefined, text: string | undefined): number {
  if (said === undefined || text === undefined || text === "") return PORT_DEFAULT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  return complain(said, "a port is a number from 1 to 65535");
}
