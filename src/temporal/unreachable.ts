// Why no connection comes about, with the setting that mends it. gRPC and Core keep trying until their time is over
// and then say only that, so the server is asked once more by hand.

import { isIP } from "node:net";
import { connect, type ConnectionOptions } from "node:tls";
import { loginFault } from "../domain/environment-fault.ts";
import { PawlError } from "../domain/errors.ts";
import { isLoopbackAddress } from "../domain/loopback.ts";
import { DEFAULT_ADDRESS, type TemporalAccess } from "./access.ts";
import type { TlsOption } from "./login-settings.ts";

const ASKED_MS = 1500;
const PORT = 7233;
/** How a client of HTTP/2 begins, and empty settings: a server that takes the connection answers with its own. */
const GREETING = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** PawlError TEMPORAL_LOGIN where no waiting mends it, else BACKEND_UNREACHABLE. */
export async function unreachable({ options }: TemporalAccess, cause: unknown): Promise<PawlError> {
  const address = options.address ?? DEFAULT_ADDRESS;
  const refused = refusalIn(cause, `Temporal at ${address}`);
  if (refused !== null) return refused;
  const heard = isReachedByProxy(address) ? NOTHING : await ask(address, options.tls);
  const trouble = tlsTrouble(heard, options.tls);
  if (trouble !== null) {
    return new PawlError("TEMPORAL_LOGIN", `Temporal at ${address}: ${trouble}`, { cause });
  }
  const detail = heard.kind === "failed" ? heard.message : textOf(cause);
  const message = `No Temporal server answers at ${address} (${detail}).`;
  return new PawlError("BACKEND_UNREACHABLE", message, { cause });
}

/** The SDK keeps what gRPC said as the cause. */
function refusalIn(error: unknown, server: string): PawlError | null {
  if (!(error instanceof Error)) return null;
  return loginFault(error, server) ?? refusalIn(error.cause, server);
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** What is heard on the direct way then says nothing. */
function isReachedByProxy(address: string): boolean {
  const names = ["grpc_proxy", "https_proxy", "http_proxy"];
  return !isLoopbackAddress(address) && names.some((name) => process.env[name]);
}

type Heard =
  | { readonly kind: "nothing" }
  | { readonly kind: "answered" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

const NOTHING: Heard = { kind: "nothing" };

/** By TLS in any case: a server that speaks it where none is asked for is a trouble too. */
async function ask(address: string, tls: TlsOption): Promise<Heard> {
  const isAsked = Boolean(tls);
  return await new Promise((resolve) => {
    const socket = connect({ ...placeOf(address), ...materialOf(tls), ALPNProtocols: ["h2"] });
    const settle = (heard: Heard): void => {
      socket.destroy();
      resolve(heard);
    };
    const failed = (code: string, message: string): void =>
      settle({ kind: "failed", code, message });
    socket.setTimeout(ASKED_MS, () => settle(NOTHING));
    socket.once("secureConnect", () => {
      if (isAsked) socket.write(GREETING);
      else settle({ kind: "answered" });
    });
    socket.once("data", () => settle({ kind: "answered" }));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      failed(error.code ?? "", reasonOf(error)),
    );
    socket.once("close", () => failed("ECONNRESET", "it closes the connection"));
  });
}

/** OpenSSL's own word, where it has one: its message is of many lines. */
function reasonOf(error: Error): string {
  const reason: unknown = Reflect.get(error, "reason");
  return typeof reason === "string" ? reason : error.message;
}

function placeOf(address: string): ConnectionOptions {
  const [, host = address, port = String(PORT)] = /^(.*?)(?::(\d+))?$/.exec(address) ?? [];
  const name = host.replace(/^\[|\]$/g, "");
  return { host: name, port: Number(port), ...(isIP(name) === 0 ? { servername: name } : {}) };
}

function materialOf(tls: TlsOption): ConnectionOptions {
  if (!tls) return { rejectUnauthorized: false };
  if (tls === true) return {};
  const { serverRootCACertificate: ca, clientCertPair: pair, serverNameOverride: name } = tls;
  return {
    ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
    ...(pair == null ? {} : { cert: Buffer.from(pair.crt), key: Buffer.from(pair.key) }),
    ...(name == null ? {} : { servername: name }),
  };
}

const DATED = ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"];
const UNTRUSTED = /SELF_SIGNED|^UNABLE_TO_|^INVALID_CA$|^CERT_(UNTRUSTED|SIGNATURE_FAILURE)$/;

/** Null where it is no matter of TLS, or may pass. */
function tlsTrouble(heard: Heard, tls: TlsOption): string | null {
  if (!tls) {
    if (heard.kind !== "answered") return null;
    return "it speaks TLS, and none is asked for. Set TEMPORAL_TLS=true; a certificate or TEMPORAL_API_KEY turns it on as well";
  }
  if (heard.kind !== "failed") return null;
  const { code } = heard;
  const message = heard.message.replace(/\.$/, "");
  if (UNTRUSTED.test(code)) {
    return `its certificate is not trusted (${message}). Name its authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH`;
  }
  if (DATED.includes(code))
    return `its certificate is out of date (${message}). It needs a new one`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `its certificate is for another name (${message}). Name that in TEMPORAL_TLS_SERVER_NAME, if it is the server that is meant`;
  }
  if (/ALERT.*(CERTIFICATE|UNKNOWN_CA)/.test(code)) {
    return `it turns away this client's certificate, or the lack of one (${message}). Mend TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH`;
  }
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") {
    return `it speaks no TLS (${message}). TEMPORAL_TLS=false turns TLS off; a certificate or TEMPORAL_API_KEY had turned it on`;
  }
  return null;
}
