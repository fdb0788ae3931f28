// What Temporal's own reader of settings passes over in silence (1.24.0): each would end in a connection without
// the login, or without the TLS, that was asked for. Here it is refused by its name.

import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import type { ClientConfigTLS, ClientConnectConfig } from "@temporalio/envconfig";

type Environment = Readonly<Record<string, string>>;
export type TlsOption = ClientConnectConfig["connectionOptions"]["tls"];

const YES = ["1", "true"];
const NO = ["0", "false"];

/** Null where the environment says nothing that would not be heard. */
export function passedOver(env: Environment): string | null {
  const tls = env["TEMPORAL_TLS"];
  // Anything else, `True` and `yes` too, would turn it off.
  if (tls !== undefined && ![...YES, ...NO].includes(tls)) {
    return "TEMPORAL_TLS: it is true or false";
  }
  const unverified = env["TEMPORAL_TLS_DISABLE_HOST_VERIFICATION"];
  if (unverified !== undefined && !NO.includes(unverified)) {
    return (
      "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: there is no such way. Name the authority of the server's " +
      "certificate in TEMPORAL_TLS_SERVER_CA_CERT_PATH, and another name in it in TEMPORAL_TLS_SERVER_NAME"
    );
  }
  const file = env["TEMPORAL_CONFIG_FILE"];
  if (file !== undefined && !existsSync(file)) return `TEMPORAL_CONFIG_FILE: there is no ${file}`;
  return null;
}

/** Null where half a pair is no pair, or there is none. */
export function halfPair({ clientCert, clientKey }: ClientConfigTLS): string | null {
  if ((clientCert === undefined) === (clientKey === undefined)) return null;
  const [there, missing] = clientKey === undefined ? ["CERT", "KEY"] : ["KEY", "CERT"];
  return `TEMPORAL_TLS_CLIENT_${there}_PATH is set, and TEMPORAL_TLS_CLIENT_${missing}_PATH is not: who logs in by a certificate needs both`;
}

/** Null where all that is given can be used. Says nothing of what is in it. */
export function unusable(tls: TlsOption): string | null {
  if (typeof tls !== "object" || tls === null) return null;
  const { serverRootCACertificate: authority, clientCertPair: pair } = tls;
  if (authority !== undefined && certificateIn(authority) === null) {
    return "TEMPORAL_TLS_SERVER_CA_CERT_PATH holds no certificate (PEM)";
  }
  if (pair == null) return null;
  const certificate = certificateIn(pair.crt);
  if (certificate === null) return "TEMPORAL_TLS_CLIENT_CERT_PATH holds no certificate (PEM)";
  const key = keyIn(pair.key);
  if (key === null) {
    return "TEMPORAL_TLS_CLIENT_KEY_PATH holds no private key (PEM), or one with a password";
  }
  if (certificate.checkPrivateKey(key)) return null;
  return "TEMPORAL_TLS_CLIENT_KEY_PATH is not the key of the certificate in TEMPORAL_TLS_CLIENT_CERT_PATH";
}

function certificateIn(pem: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function keyIn(pem: Uint8Array): KeyObject | null {
  try {
    return createPrivateKey(Buffer.from(pem));
  } catch {
    return null;
  }
}
