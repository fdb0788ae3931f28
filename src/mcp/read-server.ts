// One entry of `mcpServers`, read: either a server with all that it needs, or every mistake in it, each with where it
// stands and what would be right. What other programs write into the file besides is told and changes nothing.

import { expandVariables } from "./expand-variables.ts";
import type { ClientCredentials, HttpWay, McpServer, StdioWay } from "./server-config.ts";

export interface ReadServer {
  /** Null where there is a mistake, or where it is switched off. */
  readonly server: McpServer | null;
  /** To be read behind the name of the server. */
  readonly mistakes: readonly string[];
  readonly notes: readonly string[];
}

const OF_BOTH = ["type", "timeoutMs", "trustHints", "disabled", "description"];
const OF_STDIO = ["command", "args", "env", "cwd"];
const OF_HTTP = ["url", "headers", "oauth"];
const OF_OAUTH = ["clientId", "clientSecret", "issuer", "scope"];
const TIMEOUT_MS_MAX = 24 * 3_600_000;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Names of variables that programs keep secrets in. */
const SECRET_NAME = /key|token|secret|passw|credential|auth|cookie/i;

type Entry = Readonly<Record<string, unknown>>;

export function readServer(name: string, entry: unknown, env: NodeJS.ProcessEnv): ReadServer {
  if (!isRecord(entry)) {
    const why = `: it is ${kindOf(entry)}, and must be {"command": …} or {"type": "http", "url": …}`;
    return { server: null, mistakes: [why], notes: [] };
  }
  if (entry["disabled"] === true) return { server: null, mistakes: [], notes: ["switched off"] };
  const reading = new Reading(env);
  const way = wayOf(entry, reading);
  const timeoutMs = reading.milliseconds(entry, "timeoutMs");
  const trustHints = reading.flag(entry, "trustHints");
  const known = [...OF_BOTH, ...(way?.kind === "http" ? OF_HTTP : OF_STDIO)];
  const { mistakes, secrets } = reading;
  return {
    server:
      way === null || mistakes.length > 0 ? null : { name, way, timeoutMs, trustHints, secrets },
    mistakes,
    notes: way === null ? [] : unknownIn(entry, known),
  };
}

function wayOf(entry: Entry, reading: Reading): StdioWay | HttpWay | null {
  const { type = "url" in entry && !("command" in entry) ? "http" : "stdio" } = entry;
  switch (type) {
    case "stdio":
      return stdioWay(entry, reading);
    case "http":
    case "streamable-http":
    case "streamableHttp":
      return httpWay(entry, reading);
    case "sse":
      reading.wrong(
        "type",
        'the transport "sse" has been replaced: write "http", with the address that the server has for streamable HTTP',
      );
      return null;
    default:
      reading.wrong("type", `${JSON.stringify(type)} is unknown: it is "stdio" or "http"`);
      return null;
  }
}

function stdioWay(entry: Entry, reading: Reading): StdioWay | null {
  const command = reading.text(entry, "command", 'name a program, as "npx"');
  const args = reading.texts(entry, "args");
  const env = reading.record(entry, "env", (key) => SECRET_NAME.test(key));
  const cwd = entry["cwd"] === undefined ? null : reading.text(entry, "cwd", "name a folder");
  return command === null ? null : { kind: "stdio", command, args, env, cwd };
}

function httpWay(entry: Entry, reading: Reading): HttpWay | null {
  const said = reading.text(entry, "url", 'name its address, as "https://example.com/mcp"');
  const headers = reading.record(entry, "headers", () => true);
  for (const key of Object.keys(headers)) {
    if (!HEADER_NAME.test(key))
      reading.wrong(`headers.${key}`, "this can't be the name of a header");
    // oxlint-disable-next-line no-control-regex -- these are what no header may hold
    else if (/[\u0000\r\n]/.test(headers[key] ?? ""))
      reading.wrong(`headers.${key}`, "a header can't hold the end of a line");
  }
  const oauth = "oauth" in entry ? credentialsIn(entry["oauth"], reading) : null;
  if (said === null) return null;
  const url = URL.canParse(said) ? new URL(said) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    reading.wrong("url", "it is no address that begins with https:// or http://");
    return null;
  }
  if (url.username !== "" || url.password !== "") {
    reading.wrong(
      "url",
      'it holds a password: write "headers": {"Authorization": "${NAME}"} instead',
    );
    return null;
  }
  return { kind: "http", url, headers, oauth };
}

function credentialsIn(value: unknown, reading: Reading): ClientCredentials | null {
  if (!isRecord(value)) {
    reading.wrong(
      "oauth",
      'it must be {"clientId": "…", "clientSecret": "${NAME}", "issuer": "https://…"}',
    );
    return null;
  }
  const at = (field: string): string => `oauth.${field}`;
  const clientId = reading.text(value, "clientId", "it is missing", at);
  const clientSecret = reading.text(value, "clientSecret", 'write "${NAME}"', at);
  const issuer = reading.text(
    value,
    "issuer",
    'name who gives the tokens, as "https://login.example.com": the secret is sent to nobody else',
    at,
  );
  const scope = value["scope"] === undefined ? null : reading.text(value, "scope", "", at);
  for (const field of unknownIn(value, OF_OAUTH)) reading.wrong("oauth", field);
  if (!/^\$\{[A-Za-z_]\w*\}$/.test(String(value["clientSecret"])))
    reading.wrong(
      "oauth.clientSecret",
      'a secret belongs in no file: put it into an environment variable, and write "${NAME}"',
    );
  if (issuer !== null && !URL.canParse(issuer)) reading.wrong("oauth.issuer", "it is no address");
  if (clientId === null || clientSecret === null || issuer === null) return null;
  reading.secrets.push(clientSecret);
  return { clientId, clientSecret, issuer, scope };
}

/** Collects what is wrong while it reads. */
class Reading {
  readonly mistakes: string[] = [];
  readonly secrets: string[] = [];
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  wrong(field: string, why: string): void {
    this.mistakes.push(`.${field}: ${why}`);
  }

  text(
    entry: Entry,
    field: string,
    advice: string,
    at: (field: string) => string = (it) => it,
  ): string | null {
    const value = entry[field];
    if (typeof value === "string" && value !== "") return this.#expanded(value, at(field));
    this.wrong(at(field), value === undefined ? `it is missing: ${advice}` : notText(value));
    return null;
  }

  texts(entry: Entry, field: string): readonly string[] {
    const value = entry[field] ?? [];
    if (!Array.isArray(value)) {
      this.wrong(field, `it is ${kindOf(value)}, and must be a list: ["one", "two"]`);
      return [];
    }
    return value.map((item: unknown, index) => this.#textAt(item, `${field}[${index}]`));
  }

  record(
    entry: Entry,
    field: string,
    isSecret: (key: string) => boolean,
  ): Readonly<Record<string, string>> {
    const value = entry[field] ?? {};
    if (!isRecord(value)) {
      this.wrong(field, `it is ${kindOf(value)}, and must be {"NAME": "value"}`);
      return {};
    }
    const read = Object.entries(value).map(([key, item]): [string, string] => {
      const text = this.#textAt(item, `${field}.${key}`);
      if (isSecret(key)) this.secrets.push(text, text.replace(/^\w+\s+/, ""));
      return [key, text];
    });
    return Object.fromEntries(read);
  }

  milliseconds(entry: Entry, field: string): number | null {
    const value = entry[field];
    if (value === undefined) return null;
    const isTime = typeof value === "number" && Number.isInteger(value) && value > 0;
    if (isTime && value <= TIMEOUT_MS_MAX) return value;
    this.wrong(field, `it is a whole number of milliseconds up to ${TIMEOUT_MS_MAX}`);
    return null;
  }

  flag(entry: Entry, field: string): boolean {
    const value = entry[field] ?? false;
    if (typeof value === "boolean") return value;
    this.wrong(field, "it is true or false");
    return false;
  }

  #textAt(value: unknown, field: string): string {
    // Numbers and switches are written bare by many, and mean what they look like.
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    if (typeof value === "string") return this.#expanded(value, field) ?? "";
    this.wrong(field, notText(value));
    return "";
  }

  #expanded(text: string, field: string): string | null {
    const expanded = expandVariables(text, this.#env);
    if (expanded.kind === "text") return expanded.text;
    this.wrong(field, expanded.why);
    return null;
  }
}

function unknownIn(entry: Entry, known: readonly string[]): readonly string[] {
  const unknown = Object.keys(entry).filter((key) => !known.includes(key));
  if (unknown.length === 0) return [];
  return [`${unknown.join(", ")} is not known here and changes nothing: ${known.join(", ")} are`];
}

function notText(value: unknown): string {
  return `it is ${value === "" ? "empty" : kindOf(value)}, and must be a text`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
