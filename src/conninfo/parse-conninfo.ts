// The two forms of a connection string (PostgreSQL, "Connection Strings"): a URL, or keywords with values, as
// `psql` takes them. A URL is read by libpq's rules and not as one of the web: it may name several hosts, a socket,
// and hold a password with a # in it.

import { ConninfoError } from "./words.ts";

type Pairs = readonly (readonly [name: string, value: string])[];

const ENCODE = "In a password # / ? @ and % are written %23 %2F %3F %40 and %25";

/** Throws ConninfoError, without the value in its message. */
export function parseConninfo(text: string): Pairs {
  const wrong = wrongIn(text);
  if (wrong !== null) throw new ConninfoError(wrong);
  return /^postgres(ql)?:\/\//.test(text) ? inUrl(text) : inKeywords(text);
}

const SHELL = /^(psql|pg_dump|export|DATABASE_URL)[\s=]/;

function wrongIn(text: string): string | null {
  if (/^(["'`]).*\1?$/s.test(text)) {
    return "it begins with a quotation mark, which belongs to a shell or a file and not to the value (docker run --env-file hands it on): write it without";
  }
  if (SHELL.test(text)) return "it begins with a command: write the URL alone";
  const scheme = /^([a-z][a-z0-9+.:-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined) {
    if (/^postgres(ql)?$/.test(scheme)) return wrongInEncoding(text);
    const isOurs = /postgres|psycopg|^pg/i.test(scheme);
    const what = isOurs ? `it begins with ${scheme}://, for another client` : NO_URL;
    return isOurs ? `${what}: write postgres://` : what;
  }
  return /^\s*\w+\s*=/.test(text) ? null : NO_URL;
}

const NO_URL = "it is no URL of PostgreSQL, such as postgres://user:password@host:5432/database";

function wrongInEncoding(text: string): string | null {
  if (/%(?![0-9a-f]{2})/i.test(text)) return "it holds a bare %, which is written %25";
  if (/%00/.test(text)) return "it holds %00, which PostgreSQL can't take";
  try {
    decodeURIComponent(text);
    return null;
  } catch {
    return "what is written with % in it is no text in UTF-8";
  }
}

function inUrl(url: string): Pairs {
  const [rest, query = ""] = splitAt(url.slice(url.indexOf("://") + 3), "?");
  const [authority, database = ""] = splitAt(rest, "/");
  // A password that was not encoded has cut the URL in the wrong place.
  if (`${database}?${query.split("=")[0] ?? ""}`.includes("@")) {
    throw new ConninfoError(`it can't be read: there is an @ behind the first / or ?. ${ENCODE}`);
  }
  const at = authority.lastIndexOf("@");
  const [user, password] = at < 0 ? [""] : splitAt(authority.slice(0, at), ":");
  const { hosts, ports } = placesIn(authority.slice(at + 1));
  const named: Pairs = [
    ["user", decodeURIComponent(user)],
    ["password", decodeURIComponent(password ?? "")],
    ["host", hosts],
    ["port", ports],
    ["dbname", decodeURIComponent(database)],
  ];
  const asked = query === "" ? [] : query.split("&").map(inQuery);
  return [...named, ...asked].filter(([, value]) => value !== "");
}

function inQuery(pair: string): readonly [string, string] {
  const [name, value] = splitAt(pair, "=");
  if (value === undefined) {
    throw new ConninfoError(
      "it can't be read: behind its ? stand pairs, such as sslmode=require&application_name=pawl",
    );
  }
  return [decodeURIComponent(name).trim(), decodeURIComponent(value)];
}

/** As libpq has them in two words, separated by commas: a port may be missing, and a folder hold a comma (\\,). */
function placesIn(text: string): { readonly hosts: string; readonly ports: string } {
  if (text === "") return { hosts: "", ports: "" };
  const places = text.split(",").map((place) => {
    const [, inBrackets, bare, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(place) ?? [];
    const host = inBrackets ?? bare;
    if (host === undefined) {
      throw new ConninfoError(
        `it can't be read: a host is followed by its port, such as db.example:5432, or [::1]:5432. ${ENCODE}`,
      );
    }
    return { host: decodeURIComponent(host).replaceAll(",", "\\,"), port: port ?? "" };
  });
  const ports = places.map(({ port }) => port).join(",");
  return { hosts: places.map(({ host }) => host).join(","), ports: /\d/.test(ports) ? ports : "" };
}

/** `host=db password='it\'s'`: a value with a space stands in quotes, \ takes the next character as it is. */
function inKeywords(text: string): Pairs {
  const pairs: (readonly [string, string])[] = [];
  const pair = /\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)*)(?=\s|$))\s*/sy;
  while (pair.lastIndex < text.length) {
    const found = pair.exec(text);
    if (found === null) {
      throw new ConninfoError(
        "it can't be read as keywords with values, such as host=db dbname=pawl: a value with a space stands in '…', and a ' or \\ in it is written \\' or \\\\",
      );
    }
    const [, name = "", quoted, bare] = found;
    const value = (quoted ?? bare ?? "").replaceAll(/\\(.)/gs, "$1");
    if (value !== "") pairs.push([name, value]);
  }
  return pairs;
}

function splitAt(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
