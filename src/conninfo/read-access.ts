// What a connection string and libpq's variables say together: the string first, and what it leaves open from the
// variables, as `psql` has it. Everything that is said is honoured, left out because it is for other clients
// (parameters.ts), refused by name, or told to the server, which refuses what it does not know.

import { SESSION_KINDS, type DatabaseAccess } from "./access.ts";
import { isLeftOut } from "./parameters.ts";
import { parseConninfo } from "./parse-conninfo.ts";
import { readPlaces } from "./read-places.ts";
import { readTls } from "./read-tls.ts";
import { complain, ConninfoError, wholeIn, wordIn, type Said, type Words } from "./words.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_SECONDS = 60;
const STRING = "DATABASE_URL";

/** Names that are ours, or read here. */
const HONOURED: ReadonlySet<string> = new Set([
  ...["host", "hostaddr", "port", "user", "password", "dbname", "connect_timeout", "keepalives"],
  ...["keepalives_idle", "load_balance_hosts", "target_session_attrs", "sslmode", "ssl"],
  ...["sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "ssl_min_protocol_version"],
  ...["ssl_max_protocol_version", "sslnegotiation", "sslsni", "application_name"],
  ...["fallback_application_name", "client_encoding"],
]);
const ALIASES: Readonly<Record<string, string>> = { database: "dbname", username: "user" };

/** `text` is DATABASE_URL, "" where it is not set. Throws ConninfoError. */
export function readAccess(text: string, variables: Words = new Map()): DatabaseAccess {
  const words = wordsOf(text, variables);
  const encoding = words.get("client_encoding");
  if (encoding !== undefined && !/^(utf-?8|unicode|auto)$/i.test(encoding.value)) {
    complain(encoding, "client_encoding is UTF8: remove it");
  }
  const balance = wordIn(words, "load_balance_hosts", ["disable", "random"]);
  return {
    places: readPlaces(words),
    isShuffled: balance === "random",
    user: textIn(words, "user"),
    password: textIn(words, "password"),
    database: textIn(words, "dbname"),
    tls: readTls(words),
    session: wordIn(words, "target_session_attrs", SESSION_KINDS) ?? "any",
    startup: startupOf(words),
    connectTimeoutMs: connectTimeoutIn(words),
    keepAliveSeconds: keepAliveIn(words),
  };
}

function textIn(words: Words, name: string): string | null {
  return words.get(name)?.value ?? null;
}

function connectTimeoutIn(words: Words): number | null {
  const seconds = wholeIn(words, "connect_timeout");
  if (seconds === null) return CONNECT_TIMEOUT_MS;
  return seconds > 0 ? seconds * 1000 : null;
}

function keepAliveIn(words: Words): number | null {
  if (wholeIn(words, "keepalives") === 0) return null;
  return wholeIn(words, "keepalives_idle") || KEEP_ALIVE_SECONDS;
}

function wordsOf(text: string, variables: Words): Words {
  const words = new Map(variables);
  try {
    for (const [name, value] of text === "" ? [] : parseConninfo(text)) {
      const known = nameFor(name);
      const said = { value, from: STRING };
      // What the string says of TLS in the words of others goes before what a variable says.
      if (known === "ssl" && words.get("sslmode")?.from !== STRING) words.delete("sslmode");
      if (!isLeftOut(name, said)) words.set(known, said);
    }
  } catch (error) {
    if (!(error instanceof ConninfoError) || error.message.startsWith(`${STRING}: `)) throw error;
    throw new ConninfoError(`${STRING}: ${error.message}`);
  }
  return words;
}

/** What we know in any case of its letters; what is the server's, as it stands. */
function nameFor(name: string): string {
  const known = name.toLowerCase();
  return ALIASES[known] ?? (HONOURED.has(known) ? known : name);
}

function startupOf(words: Words): Readonly<Record<string, string>> {
  const [name] = ["application_name", "fallback_application_name"].flatMap((word) => {
    const said: Said | undefined = words.get(word);
    return said === undefined ? [] : [said.value];
  });
  const settings = [...words].filter(([word]) => !HONOURED.has(word));
  return Object.fromEntries([
    ["application_name", name ?? "pawl"],
    ...settings.map(([word, { value }]) => [word, value]),
  ]);
}
