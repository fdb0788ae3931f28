// How the connection is encrypted, and who has to prove what. The modes are libpq's: up to `require` nobody is asked
// for proof, `verify-ca` asks for a certificate of an authority, `verify-full` for one with the name of the host.

import { SSL_MODES, TLS_VERSIONS, type SslMode, type TlsTerms } from "./access.ts";
import { complain, wholeIn, wordIn, type Said, type Words } from "./words.ts";

/** What others call a mode: `ssl=true` of JDBC (libpq knows it too), `no-verify` of node-postgres. */
const ALIASES: Readonly<Record<string, SslMode>> = {
  true: "require",
  "1": "require",
  "no-verify": "require",
  false: "disable",
  "0": "disable",
};
const SYSTEM = "system";

/** Throws ConninfoError. */
export function readTls(words: Words): TlsTerms {
  const mode = readMode(words);
  refuseContradictions(words, mode);
  const rootCert = words.get("sslrootcert");
  return {
    // As in libpq: whoever names an authority wants it asked.
    mode: mode === "require" && rootCert !== undefined ? "verify-ca" : mode,
    rootCertFile: rootCert?.value === SYSTEM ? null : fileIn(words, "sslrootcert"),
    certFile: fileIn(words, "sslcert"),
    keyFile: fileIn(words, "sslkey"),
    keyPassword: words.get("sslpassword")?.value ?? null,
    crlFile: fileIn(words, "sslcrl"),
    versionMin: wordIn(words, "ssl_min_protocol_version", TLS_VERSIONS),
    versionMax: wordIn(words, "ssl_max_protocol_version", TLS_VERSIONS),
    isDirect: isDirect(words),
    tellsName: wholeIn(words, "sslsni") !== 0,
  };
}

function isDirect(words: Words): boolean {
  return wordIn(words, "sslnegotiation", ["postgres", "direct"]) === "direct";
}

/** What looks like more than it is. */
function refuseContradictions(words: Words, mode: SslMode): void {
  const rootCert = words.get("sslrootcert");
  if (rootCert !== undefined) refuseWeak(rootCert, mode);
  const negotiation = words.get("sslnegotiation");
  const mayBePlain = mode === "disable" || mode === "allow" || mode === "prefer";
  if (negotiation !== undefined && isDirect(words) && mayBePlain) {
    complain(negotiation, "sslnegotiation=direct wants sslmode=require or more");
  }
  const [cert, key] = [words.get("sslcert"), words.get("sslkey")];
  const alone = cert ?? key;
  if (alone !== undefined && (cert === undefined || key === undefined)) {
    complain(alone, "sslcert and sslkey belong together: name both files");
  }
}

function refuseWeak(rootCert: Said, mode: SslMode): void {
  if (mode === "allow" || mode === "prefer") {
    complain(
      rootCert,
      `sslrootcert proves nothing with sslmode=${mode}: write sslmode=verify-full, or verify-ca`,
    );
  }
  if (rootCert.value === SYSTEM && mode !== "verify-full" && mode !== "disable") {
    complain(
      rootCert,
      "sslrootcert=system wants sslmode=verify-full, since anybody can have a certificate of such an authority",
    );
  }
}

/** Where nothing is said: with an authority, its proof; else TLS where the server offers it, as `psql` does. */
function readMode(words: Words): SslMode {
  const said = words.get("sslmode") ?? words.get("ssl");
  if (said === undefined) return words.has("sslrootcert") ? "verify-full" : "prefer";
  const mode = SSL_MODES.find((known) => known === said.value) ?? ALIASES[said.value];
  return mode ?? complain(said, `sslmode is one of ${SSL_MODES.join(", ")}`);
}

function fileIn(words: Words, name: string): string | null {
  const said = words.get(name);
  if (said === undefined) return null;
  if (said.value.startsWith("engine:") || said.value.startsWith("store:")) {
    complain(
      said,
      `${name} is the name of a file (PEM): keys of an OpenSSL engine are not supported`,
    );
  }
  return said.value;
}
