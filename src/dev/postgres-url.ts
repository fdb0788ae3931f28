// Apart from local-postgres.ts, so that who only needs the address does not load a database.

export function localPostgresUrl(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}
