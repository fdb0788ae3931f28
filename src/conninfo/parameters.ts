// Which parameters of a connection string are not used, and why: what is for other clients is left out, since hosted
// PostgreSQL prints it and the server refuses what it does not know; what would be a promise that nobody keeps is
// refused by name. What neither this table nor read-access.ts knows is a setting of the server, and is told to it.

import { complain, type Said } from "./words.ts";

/** Of libpq where it changes nothing here, Prisma, node-postgres, SQLAlchemy, JDBC, Npgsql and poolers. */
const OF_CLIENTS: ReadonlySet<string> = new Set([
  ...["channel_binding", "gssdelegation", "krbsrvname", "gsslib", "sslcompression"],
  ...["min_protocol_version", "max_protocol_version", "keepalives_interval", "keepalives_count"],
  ...["tcp_user_timeout", "pgbouncer", "connection_limit", "pool_timeout", "socket_timeout"],
  ...["schema", "supa", "statement_cache_size", "max_idle_connection_lifetime", "uselibpqcompat"],
  ...["pool_size", "preparethreshold", "prepared_statements", "currentschema"],
  ...["rewritebatchedinserts", "maxconnections", "poolsize", "async_fallback", "max"],
  ...["idle_timeout", "max_lifetime", "prepare", "fetch_types", "max_pipeline", "keep_alive"],
]);

interface Refusal {
  /** Values that ask for nothing; any other is refused. */
  readonly harmless?: readonly string[];
  readonly instead: string;
}

const NAME_HOST = "write host, port, user and database instead";
const PASSWORD = "set PGPASSWORD or PGPASSWORD_FILE instead";
const VERIFY = "remove it; sslmode=verify-full makes sure of the server";

const REFUSED: Readonly<Record<string, Refusal>> = {
  service: { instead: NAME_HOST },
  servicefile: { instead: NAME_HOST },
  passfile: { instead: PASSWORD },
  sslcrldir: { instead: "name one file with sslcrl instead" },
  sslcertmode: {
    harmless: ["allow"],
    instead: "remove it; without sslcert no certificate is sent",
  },
  require_auth: { instead: VERIFY },
  requirepeer: { instead: "remove it, and let nobody else write to the folder of the socket" },
  requiressl: { harmless: ["0"], instead: "write sslmode=require instead" },
  gssencmode: { harmless: ["disable", "prefer"], instead: "write sslmode=verify-full instead" },
  replication: { harmless: ["false", "off", "no", "0"], instead: "remove it" },
  scram_client_key: { instead: PASSWORD },
  scram_server_key: { instead: VERIFY },
  target_server_type: { harmless: ["any"], instead: "write target_session_attrs instead" },
  targetservertype: { harmless: ["any"], instead: "write target_session_attrs instead" },
  sslaccept: {
    harmless: ["accept_invalid_certs"],
    instead: "write sslmode=verify-full instead",
  },
  sslidentity: { instead: "name sslcert and sslkey (PEM) instead" },
  sslfactory: { instead: "write sslmode and sslrootcert instead" },
  sslkeylogfile: { instead: "remove it" },
};

/** True where it is left out. Throws ConninfoError where it is not supported. */
export function isLeftOut(name: string, said: Said): boolean {
  const known = name.toLowerCase();
  if (OF_CLIENTS.has(known)) return true;
  const refusal = known.startsWith("oauth_") ? { instead: PASSWORD } : REFUSED[known];
  if (refusal === undefined) return false;
  if (refusal.harmless?.includes(said.value) === true) return true;
  return complain(said, `${name} is not supported: ${refusal.instead}`);
}
