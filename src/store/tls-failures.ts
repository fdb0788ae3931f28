// What a TLS connection fails by, in words: who showed what, and which setting decides on it.

import { nameOf, type DatabaseAccess, type Place } from "./conninfo/access.ts";
import { codeOf } from "./error-code.ts";

export interface Failure {
  readonly what: string;
  readonly next: string;
}

/** X.509 as Node names it, OpenSSL, and what open-socket.ts found out. */
const TLS_CODES =
  /^(NO_TLS|TLS_FILE|UNABLE_TO_\w+|CERT_\w+|CRL_\w+|ERROR_IN_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_(SSL|TLS|OSSL)_\w+)$/;
const UNKNOWN_AUTHORITY = /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET_ISSUER)|INVALID_CA)/;

export function isAboutTls(error: unknown): boolean {
  return TLS_CODES.test(codeOf(error) ?? "");
}

/** Null where TLS is not what it failed by. */
export function tlsFailure(error: unknown, access: DatabaseAccess, place?: Place): Failure | null {
  const code = codeOf(error) ?? "";
  if (!TLS_CODES.test(code)) return null;
  const { tls } = access;
  const reason = error instanceof Error || hasMessage(error) ? error.message : String(error);
  const host = place === undefined ? "the host" : nameOf(place);
  if (code === "NO_TLS") {
    return {
      what: `the server offers no TLS, and sslmode=${tls.mode} wants it`,
      next: "set ssl = on in its postgresql.conf, or sslmode=disable where the network is yours alone",
    };
  }
  if (code === "TLS_FILE") return { what: reason, next: "mend the path in DATABASE_URL" };
  if (UNKNOWN_AUTHORITY.test(code)) return unknownAuthority(reason, code, access);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") {
    return {
      what: `its certificate is for another name (${firstLine(reason)})`,
      next: `write the name of its certificate instead of ${host}, or sslmode=verify-ca, which takes any name`,
    };
  }
  if (/^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CRL_HAS_EXPIRED|CRL_NOT_YET_VALID)$/.test(code)) {
    const isCrl = code.startsWith("CRL");
    return {
      what: `${isCrl ? "the list of sslcrl" : "its certificate, or that of its authority,"} is out of date (${code})`,
      next: isCrl ? "renew the file of sslcrl" : "renew it on the server; look at the clock here",
    };
  }
  if (code === "CERT_REVOKED" || code.startsWith("UNABLE_TO_GET_CRL")) {
    return {
      what: `sslcrl speaks against its certificate (${code})`,
      next: "renew the certificate on the server, or the file of sslcrl",
    };
  }
  return fromOpenSsl(reason, code, access);
}

function unknownAuthority(reason: string, code: string, { tls }: DatabaseAccess): Failure {
  const what = `its certificate is signed by an authority that is not known here (${code}: ${reason})`;
  if (tls.rootCertFile === null) {
    return {
      what,
      next: `name the file of the authority that signed it: sslrootcert=FILE in DATABASE_URL, or PGSSLROOTCERT`,
    };
  }
  return {
    what,
    next: `sslrootcert names ${tls.rootCertFile}: it has to hold the authority that signed it`,
  };
}

/** Alerts are what the server has against us; the rest are files that OpenSSL can't use. */
function fromOpenSsl(reason: string, code: string, { tls }: DatabaseAccess): Failure {
  const what = `TLS failed (${code}: ${firstLine(reason)})`;
  if (/ALERT/.test(code)) {
    const isVersion = /PROTOCOL_VERSION/.test(code);
    const isOurs =
      tls.certFile === null
        ? "the server may want a certificate: name sslcert and sslkey"
        : `the server does not take the certificate of sslcert, ${tls.certFile}`;
    return {
      what,
      next: isVersion ? "mend ssl_min_protocol_version or ssl_max_protocol_version" : isOurs,
    };
  }
  if (/KEY_VALUES_MISMATCH/.test(code)) return { what, next: "sslkey is not the key of sslcert" };
  if (/BAD_DECRYPT|BAD_PASSWORD|INTERRUPTED_OR_CANCELLED/.test(code)) {
    return { what, next: "the file of sslkey is encrypted: give its password with sslpassword" };
  }
  if (/OSSL|PEM|ASN1|X509/.test(code)) {
    return { what, next: "sslrootcert, sslcert, sslkey and sslcrl are files in PEM" };
  }
  return {
    what,
    next: "mend sslmode, sslrootcert, sslcert or sslkey in DATABASE_URL; see docs/database.md",
  };
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
