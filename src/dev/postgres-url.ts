// Apart from local-postgres.ts, so that who only needs the address does not load a database.

/** The folder of the socket stands where a host would, as in the URLs of libpq (`psql`). */
export function localPostgresUrl(socketFolder: string): string {
  return `postgres://postgres@${encodeURIComponent(socketFolder)}/postgres`;
}
