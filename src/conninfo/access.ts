// How PostgreSQL is reached, as DATABASE_URL and libpq's variables say it together: read once, and never
// written as a URL again, since it holds a password.

export type Place =
  | {
      readonly kind: "tcp";
      /** The name that a certificate has to be for. */
      readonly host: string;
      /** `hostaddr`: where to connect, without asking what the name stands for. */
      readonly address: string;
      readonly port: number;
    }
  | { readonly kind: "socket"; readonly path: string };

export const SSL_MODES = [
  ...(["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const),
] as const;
export type SslMode = (typeof SSL_MODES)[number];

export const TLS_VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** Files by name: they are read for each connection, so that a certificate can be renewed. */
export interface TlsTerms {
  readonly mode: SslMode;
  /** Null: the authorities that Node knows. */
  readonly rootCertFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly keyPassword: string | null;
  readonly crlFile: string | null;
  readonly versionMin: TlsVersion | null;
  readonly versionMax: TlsVersion | null;
  /** Without the request that comes before TLS otherwise (PostgreSQL 17). */
  readonly isDirect: boolean;
  /** False: the server is not told by which name it is asked. */
  readonly tellsName: boolean;
}

export const SESSION_KINDS = [
  ...(["any", "read-write", "read-only", "primary", "standby", "prefer-standby"] as const),
] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

export interface DatabaseAccess {
  /** At least one, in the order in which they are tried. */
  readonly places: readonly Place[];
  readonly isShuffled: boolean;
  /** Null: that of the operating system. */
  readonly user: string | null;
  readonly password: string | null;
  /** Null: named as the user. */
  readonly database: string | null;
  readonly tls: TlsTerms;
  readonly session: SessionKind;
  /** What the server is told at the beginning of a session: `application_name`, `options`, settings of its own. */
  readonly startup: Readonly<Record<string, string>>;
  /** For one place, login included; null: as long as a statement may take. */
  readonly connectTimeoutMs: number | null;
  /** Null: none. */
  readonly keepAliveSeconds: number | null;
}

export function nameOf(place: Place): string {
  if (place.kind === "socket") return place.path;
  const { host, port } = place;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Where it leads, without user and password. */
export function placesOf({ places }: DatabaseAccess): string {
  return places.map(nameOf).join(", ");
}
