// `.mcp.json`: the servers that the operator of this worker trusts enough to start, or to call. A mistake costs the
// server that it is in and no other; it is told with the file, its place in it, and what would be right.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { badLineIn, utf8 } from "../domain/utf8.ts";
import { isRecord, readServer } from "./read-server.ts";
import type { McpServer } from "./server-config.ts";

export interface McpFile {
  readonly servers: readonly McpServer[];
  /** Whole sentences, each with the path of the file. */
  readonly mistakes: readonly string[];
  readonly notes: readonly string[];
}

const NO_FILE: McpFile = { servers: [], mistakes: [], notes: [] };
const SERVERS_MAX = 64;
const NAME_CHARS_MAX = 64;
const BYTES_MAX = 1024 * 1024;

/** Of the project's folder, where there is one. */
export function readMcpFile(dir: string | null, env: NodeJS.ProcessEnv = process.env): McpFile {
  if (dir === null) return NO_FILE;
  const path = join(dir, ".mcp.json");
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (isRecord(error) && error["code"] === "ENOENT") return NO_FILE;
    const why = error instanceof Error ? error.message : String(error);
    return { ...NO_FILE, mistakes: [`${path} can't be read: ${why}`] };
  }
  const text = utf8(bytes);
  if (text !== null) return parseMcpFile(path, text, env);
  return { ...NO_FILE, mistakes: [`${path}: line ${badLineIn(bytes)} is not UTF-8`] };
}

export function parseMcpFile(path: string, text: string, env: NodeJS.ProcessEnv): McpFile {
  if (text.length > BYTES_MAX)
    return { ...NO_FILE, mistakes: [`${path} has more than ${BYTES_MAX} characters`] };
  let whole: unknown;
  try {
    whole = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    return { ...NO_FILE, mistakes: [`${path} is no JSON: ${placeOf(error, text)}`] };
  }
  const entries = isRecord(whole) ? whole["mcpServers"] : undefined;
  if (!isRecord(entries)) {
    const hint = isRecord(whole) && isRecord(whole["servers"]) ? ' and not under "servers"' : "";
    const why = `${path}: the servers stand under "mcpServers"${hint}: {"mcpServers": {"NAME": {"command": "…"}}}`;
    return { ...NO_FILE, mistakes: [why] };
  }
  const named = Object.entries(entries);
  const read = named.slice(0, SERVERS_MAX).map(([name, entry]) => {
    const where = `${path}: mcpServers.${name}`;
    if (name === "" || name.length > NAME_CHARS_MAX)
      return { server: null, mistakes: [`${where}: a name has 1 to ${NAME_CHARS_MAX} letters`] };
    const { server, mistakes, notes } = readServer(name, entry, env);
    return {
      server,
      mistakes: mistakes.map((mistake) => `${where}${mistake}`),
      notes: notes.map((note) => `${where}: ${note}`),
    };
  });
  const tooMany =
    named.length > SERVERS_MAX ? [`${path}: it names more than ${SERVERS_MAX} servers`] : [];
  return {
    servers: read.map(({ server }) => server).filter((server) => server !== null),
    mistakes: [...read.flatMap(({ mistakes }) => mistakes), ...tooMany],
    notes: read.flatMap(({ notes = [] }) => notes),
  };
}

/** The environment variables that the file names: whoever starts a worker gives it these as well. */
export function variablesInMcpFile(dir: string | null): readonly string[] {
  if (dir === null) return [];
  try {
    const text = readFileSync(join(dir, ".mcp.json"), "utf8").slice(0, BYTES_MAX);
    return [...new Set(Array.from(text.matchAll(/\$\{([A-Za-z_]\w*)/g), ([, name = ""]) => name))];
  } catch {
    // The worker tells what is wrong with it.
    return [];
  }
}

/** Line and column, where the parser says at which letter it stopped. */
function placeOf(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, at] = /position (\d+)/.exec(message) ?? [];
  if (at === undefined) return message;
  const lines = text.slice(0, Number(at)).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}: ${message}`;
}
