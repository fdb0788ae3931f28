// What a TLS connection fails by, in words: who showed what, and which setting decides on it.

import { codeOf } from "../domain/error-code.ts";
import { CATALOGUE } from "../domain/errors.ts";
import { nameOf, type DatabaseAccess, type Place } from "../conninfo/access.ts";

export interface Failure {
  readonly what: string;
  readonly next: string;
}

/** X.509 as Node names it, OpenSSL, and what open-socket.ts found out. */
const TLS_CODES =
  /^(NO_TLS|TLS_FILE|UNABLE_TO_\w+|CERT_\w+|CRL_\w+|ERROR_IN_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_(SSL|TLS|OSSL)_\w+)$/;

export function isAboutTls(error: unknown): boolean {
  return TLS_CODES.test(codeOf(error) ?? "");
}

interface Told {
  readonly code: string;
  readonly reason: string;
  readonly access: DatabaseAccess;
  /** By which name the server was asked. */
  readonly host: string;
}

/** The first that fits. */
const SENTENCES: readonly (readonly [RegExp, (told: Told) => Failure])[] = [
  [
    /^NO_TLS$/,
    ({ access }) => ({
      what: `the server offers no TLS, and sslmode=${access.tls.mode} wants it`,
      next: "set ssl = on in its postgresql.conf, or sslmode=disable where the network is yours alone",
    }),
  ],
  [/^TLS_FILE$/, ({ reason }) => ({ what: reason, next: "mend the path in DATABASE_URL" })],
  [/^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET_ISSUER)|INVALID_CA)/, unknownAuthority],
  [
    /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    ({ reason, host }) => ({
      what: `its certificate is for another name (${firstLine(reason)})`,
      next: `write the name of its certificate instead of ${host}, or sslmode=verify-ca, which takes any name`,
    }),
  ],
  [
    /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    ({ code }) => ({
      what: `its certificate, or that of its authority, is out of date (${code})`,
      next: "renew it on the server; look at the clock here",
    }),
  ],
  [
    /^CRL_(HAS_EXPIRED|NOT_YET_VALID)$/,
    ({ code }) => ({
      what: `the list of sslcrl is out of date (${code})`,
      next: "renew the file of sslcrl",
    }),
  ],
  [
    /^(CERT_REVOKED$|UNABLE_TO_GET_CRL)/,
    ({ code }) => ({
      what: `sslcrl speaks against its certificate (${code})`,
      next: "renew the certificate on the server, or the file of sslcrl",
    }),
  ],
];

/** Null where TLS is not what it failed by. */
export function tlsFailure(error: unknown, access: DatabaseAccess, place?: Place): Failure | null {
  const code = codeOf(error) ?? "";
  if (!TLS_CODES.test(code)) return null;
  const host = place === undefined ? "the host" : nameOf(place);
  const reason = hasMessage(error) ? error.message : String(error);
  const told: Told = { code, reason, access, host };
  const [, tell] = SENTENCES.find(([codes]) => codes.test(code)) ?? [];
  return (tell ?? fromOpenSsl)(told);
}

function unknownAuthority({ reason, code, access: { tls } }: Told): Failure {
  return {
    what: `its certificate is signed by an authority that is not known here (${code}: ${reason})`,
    next:
      tls.rootCertFile === null
        ? "name the file of the authority that signed it: sslrootcert=FILE in DATABASE_URL, or PGSSLROOTCERT"
        : `sslrootcert names ${tls.rootCertFile}: it has to hold the authority that signed it`,
  };
}

const FILES: readonly (readonly [RegExp, string])[] = [
  [/PROTOCOL_VERSION/, "mend ssl_min_protocol_version or ssl_max_protocol_version"],
  [/KEY_VALUES_MISMATCH/, "sslkey is not the key of sslcert"],
  [
    /BAD_DECRYPT|BAD_PASSWORD|INTERRUPTED_OR_CANCELLED|PASSPHRASE/,
    "the file of sslkey is encrypted: give its password with sslpassword",
  ],
  [/OSSL|PEM|ASN1|X509/, "sslrootcert, sslcert, sslkey and sslcrl are files in PEM"],
];

/** Alerts are what the server has against us; the rest are files that OpenSSL can't use. */
function fromOpenSsl({ reason, code, access: { tls } }: Told): Failure {
  const what = `TLS failed (${code}: ${firstLine(reason)})`;
  const [, next] = FILES.find(([codes]) => codes.test(code)) ?? [];
  if (next !== undefined) return { what, next };
  if (!code.includes("ALERT")) return { what, next: CATALOGUE.DATABASE_TLS.next };
  return {
    what,
    next:
      tls.certFile === null
        ? "the server may want a certificate: name sslcert and sslkey"
        : `the server ${notTaken(tls.certFile)}`,
  };
}

export function notTaken(certFile: string): string {
  return `does not take the certificate of sslcert, ${certFile}`;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}

/** By shape: errors of Node's own modules belong to another realm under jest. */
function hasMessage(error: unknown): error is { readonly message: string } {
  return (
    typeof error === "object" &&
    error !== null &&
    "message" in error &&
    typeof error.message === "string"
  );
}
