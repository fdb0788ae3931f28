// What hosted Postgres hands out as a URL is written for libpq or for one ORM: parameters for a client are
// taken out, since the server refuses a connection that names what it does not know. What the server knows
// (`options`, `application_name`, a timeout) and what our driver reads stays.

/** Of libpq, Prisma, node-postgres, SQLAlchemy, JDBC and poolers; by name, whatever they are set to. */
const OF_CLIENTS: ReadonlySet<string> = new Set([
  ...["channel_binding", "gssencmode", "gssdelegation", "krbsrvname", "gsslib", "require_auth"],
  ...["sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir", "sslcompression", "sslsni"],
  ...["sslcertmode", "ssl_min_protocol_version", "ssl_max_protocol_version", "sslaccept"],
  ...["sslidentity", "min_protocol_version", "max_protocol_version", "hostaddr", "passfile"],
  ...["service", "servicefile", "keepalives", "keepalives_idle", "keepalives_interval"],
  ...["keepalives_count", "tcp_user_timeout", "load_balance_hosts", "fallback_application_name"],
  ...["pgbouncer", "connection_limit", "pool_timeout", "socket_timeout", "schema", "supa"],
  ...["statement_cache_size", "max_idle_connection_lifetime", "uselibpqcompat", "pool_size"],
  ...["preparethreshold", "prepared_statements", "currentschema", "rewritebatchedinserts"],
  ...["maxconnections", "poolsize", "async_fallback", "target_server_type"],
]);

/** The URL without what is for other clients. */
export function forTheServer(url: string): string {
  const [base = "", query] = splitAt(url, "?");
  if (query === undefined) return url;
  const kept = query.split("&").filter((pair) => !OF_CLIENTS.has(nameIn(pair)));
  return kept.length === 0 ? base : `${base}?${kept.join("&")}`;
}

function nameIn(pair: string): string {
  const [name = ""] = pair.split("=");
  return name.trim().toLowerCase();
}

/** Who was turned away, without a password. */
export function whoAt(url: string): string {
  if (!URL.canParse(url)) return "Postgres";
  const { username, host, pathname } = new URL(url);
  const user = username === "" ? "no user" : `user "${decodeURIComponent(username)}"`;
  const database =
    pathname.length < 2 ? "" : ` for database "${decodeURIComponent(pathname.slice(1))}"`;
  return `Postgres at ${host} turned away ${user}${database}`;
}

function splitAt(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
