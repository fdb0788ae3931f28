// What the server, its operator or the way there is the reason of, as an error of the catalogue: the place, what
// happened, and what mends it. Never a password, and no stack trace for what is a setting.

import { codeOf } from "../domain/error-code.ts";
import { isPawlError, PawlError } from "../domain/errors.ts";
import { nameOf, placesOf, type DatabaseAccess, type Place } from "../conninfo/access.ts";
import { unstorable } from "./literal.ts";
import { notTaken, tlsFailure } from "./tls-failures.ts";

/**
 * Codes of Node, of the driver (CONNECT…, CONNECTION_…) and of the pool, and of Postgres: connections (class 08),
 * resources (53), an operator's intervention (57P), and transactions that lost against another one (class 40).
 */
const UNREACHABLE =
  /^(E[A-Z]+|EAI_[A-Z]+|ERR_STREAM_[A-Z_]+|CONNECT_TIMEOUT|CONNECTION_[A-Z]+|CLOSED|NO_POSTGRES|NOT_CONNECTED|NO_ANSWER|08\w{3}|53\w{3}|57P\w{2}|40\w{3})$/;

const HUNG_UP = /^(ECONNRESET|EPIPE|CLOSED|CONNECTION_(CLOSED|ENDED))$/;

/** Where a failover is under way the same address leads to another server soon. */
export const READ_ONLY = "25006";
/** A right that the role lacks, and a database that can only be read. */
const REFUSED: readonly string[] = ["42501", READ_ONLY];

/** No such user or a wrong password, no way in for it (pg_hba.conf), no such database. */
const NO_LOGIN: readonly string[] = ["28P01", "28000", "3D000"];
/** pgbouncer has one code for all that it refuses. */
const OF_A_POOLER = "08P01";
const NO_LOGIN_THERE =
  /^(no such (user|database)|.*authentication failed|.*login (rejected|failed))/i;
const UNSUPPORTED = /unsupported startup parameter(?: in options)?:? "?([^\s"]+)/;

/** A parameter that no server knows. */
const UNKNOWN_PARAMETER = "42704";

/** `\u0000` in JSON; and half of a pair, whose code also stands for other texts that are not what they should be. */
const NUL_IN_JSON = "22P05";
const NOT_JSON = "22P02";

interface Told {
  readonly code: string;
  readonly message: string;
  readonly error: unknown;
  readonly access: DatabaseAccess;
  readonly where: string;
}

/** Of a statement, or (`place`) of the beginning of a session. What is neither's fault is given back as it came. */
export function failureOf(error: unknown, access: DatabaseAccess, place?: Place): unknown {
  if (isPawlError(error)) return error;
  const code = codeOf(error) ?? "";
  const where = `Postgres at ${place === undefined ? placesOf(access) : nameOf(place)}`;
  const message = `${where}: ${reasonOf(error)}`;
  const tls = tlsFailure(error, access, place);
  if (tls !== null) {
    return new PawlError("DATABASE_TLS", `${where}: ${tls.what}`, { cause: error, next: tls.next });
  }
  if (REFUSED.includes(code)) return new PawlError("DATABASE_REFUSED", message, { cause: error });
  const told: Told = { code, message, error, access, where };
  const known = loginFailure(told) ?? parameterFailure(told);
  if (known !== null) return known;
  if (code === NUL_IN_JSON || (code === NOT_JSON && /json/.test(message))) return unstorable(error);
  if (!UNREACHABLE.test(code)) return error;
  const next = place === undefined ? null : whereHungUp(code, access);
  return new PawlError("LEDGER_UNAVAILABLE", message, {
    cause: error,
    ...(next === null ? {} : { next }),
  });
}

/**
 * In TLS 1.3 a server looks at our certificate when for us the handshake is over; what it has against it can be lost
 * with the connection that it closes.
 */
function whereHungUp(code: string, { tls }: DatabaseAccess): string | null {
  if (tls.mode === "disable" || tls.certFile === null || !HUNG_UP.test(code)) return null;
  return `where it stays so, the server ${notTaken(tls.certFile)}`;
}

function loginFailure({ code, error, access, where }: Told): PawlError | null {
  const isRefused = code === OF_A_POOLER && NO_LOGIN_THERE.test(wordsOf(error));
  if (!NO_LOGIN.includes(code) && !isRefused) return null;
  const next = wayIn(error, access);
  return new PawlError(
    "DATABASE_LOGIN",
    `${where} turned away ${whoIn(access)}: ${reasonOf(error)}`,
    { cause: error, ...(next === null ? {} : { next }) },
  );
}

function parameterFailure({ code, message, error }: Told): PawlError | null {
  if (code === UNKNOWN_PARAMETER && /configuration parameter/.test(message)) {
    return new PawlError("CONFIG", `${message}. Take it out of DATABASE_URL`, { cause: error });
  }
  const [, name] = (code === OF_A_POOLER && UNSUPPORTED.exec(wordsOf(error))) || [];
  if (name === undefined) return null;
  return new PawlError("CONFIG", message, {
    cause: error,
    next: `take ${name} out of DATABASE_URL (or PGOPTIONS), or name it in ignore_startup_parameters of pgbouncer`,
  });
}

function whoIn({ user, database }: DatabaseAccess): string {
  const who = user === null ? "the user that this process runs as" : `user "${user}"`;
  return database === null ? who : `${who} for database "${database}"`;
}

/** What opens the door, where the catalogue does not know it. */
function wayIn(error: unknown, { password }: DatabaseAccess): string | null {
  const words = wordsOf(error);
  if (/no encryption|SSL off/.test(words)) {
    return "the server wants TLS: write sslmode=require or, to be sure of it, verify-full in DATABASE_URL";
  }
  if (/client certificate/.test(words)) return "name sslcert and sslkey in DATABASE_URL";
  if (/password/.test(words) && password === null) {
    return "there is no password: give it in DATABASE_URL, PGPASSWORD or PGPASSWORD_FILE";
  }
  return null;
}

function wordsOf(error: unknown): string {
  const has = typeof error === "object" && error !== null && "message" in error;
  return has ? String(error.message) : "";
}

const OUR_NAMES = /^(PoolError|HandshakeError|ConnectTimeoutError): /;

function reasonOf(error: unknown): string {
  // The driver says what it was about to write, and to nowhere: the socket is ours.
  if (/^CONNECTION_(CLOSED|DESTROYED)$/.test(codeOf(error) ?? "")) {
    return "the connection was closed";
  }
  // Where every address of a host name failed, Node's error has a code and no message.
  const isBare = codeOf(error) !== null && wordsOf(error) === "";
  return isBare ? (codeOf(error) ?? "") : String(error).replace(OUR_NAMES, "");
}
