// A URL may name the folder of a Unix socket where a host would stand, percent-encoded, as libpq has it:
// `postgres://user@%2Frun%2Fpostgresql/db`. The driver does not know this form.

const PORT_DEFAULT = "5432";

/** Null where the URL leads over the network. */
export function socketPathOf(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { hostname, port } = new URL(url);
  const folder = decoded(hostname);
  return folder.startsWith("/") ? `${folder}/.s.PGSQL.${port || PORT_DEFAULT}` : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
