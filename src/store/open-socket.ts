// A socket to one place, encrypted as it shall be, ready for the first message of a session. The driver would do
// this itself, but it asks a server without TLS for TLS, knows no authority per connection, and goes round for ever
// where one of several hosts refuses.

import { readFileSync } from "node:fs";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type ConnectionOptions } from "node:tls";
import { fileTroubleIn } from "../domain/file-trouble.ts";
import type { Place, TlsTerms } from "../conninfo/access.ts";

/** What went wrong before there was a session, by a code of ours. */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
  readonly code: "NO_TLS" | "NO_POSTGRES" | "TLS_FILE" | "CLOSED";

  constructor(code: HandshakeError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** `tls or plain`: where the server offers no TLS, it is done without. */
export type Way = "plain" | "tls" | "tls or plain";

export interface SocketTerms {
  readonly way: Way;
  readonly tls: TlsTerms;
  readonly signal: AbortSignal;
}

/** Rejects with what Node, OpenSSL or the server had against it. */
export async function openSocket(place: Place, terms: SocketTerms): Promise<Socket> {
  const { way, tls, signal } = terms;
  const socket =
    place.kind === "socket"
      ? connectTcp({ path: place.path })
      : connectTcp({ host: place.address, port: place.port });
  await happened(socket, "connect", signal);
  // Who can write in the folder of a socket is trusted: there is no TLS on it.
  if (place.kind === "socket" || way === "plain") return socket;
  if (!tls.isDirect && !(await offersTls(socket, signal))) {
    if (way === "tls or plain") return socket;
    socket.destroy();
    throw new HandshakeError("NO_TLS", "the server offers no TLS");
  }
  return await encrypted(socket, place.host, terms);
}

/** SSLRequest, and the one byte that answers it. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

async function offersTls(socket: Socket, signal: AbortSignal): Promise<boolean> {
  socket.write(SSL_REQUEST);
  await happened(socket, "readable", signal);
  const answer: Buffer | null = socket.read();
  // More than the byte was not sent by a server, but by somebody in between.
  if (answer?.length === 1) {
    const [letter] = answer;
    if (letter === "S".charCodeAt(0)) return true;
    if (letter === "N".charCodeAt(0)) return false;
  }
  socket.destroy();
  if (answer === null) throw closedEarly();
  throw new HandshakeError("NO_POSTGRES", "what answers there is no PostgreSQL server");
}

export function closedEarly(): HandshakeError {
  return new HandshakeError("CLOSED", "the connection was closed before the login was over");
}

async function encrypted(socket: Socket, host: string, { tls, signal }: SocketTerms) {
  const isVerified = tls.mode === "verify-ca" || tls.mode === "verify-full";
  let options: ConnectionOptions;
  try {
    options = {
      socket,
      ca: read("sslrootcert", tls.rootCertFile),
      cert: read("sslcert", tls.certFile),
      key: read("sslkey", tls.keyFile),
      crl: read("sslcrl", tls.crlFile),
      passphrase: tls.keyPassword ?? undefined,
      minVersion: tls.versionMin ?? undefined,
      maxVersion: tls.versionMax ?? undefined,
      servername: tls.tellsName && isIP(host) === 0 ? host : undefined,
      ALPNProtocols: ["postgresql"],
      rejectUnauthorized: isVerified,
      checkServerIdentity: (_, certificate) =>
        tls.mode === "verify-full" ? checkServerIdentity(host, certificate) : undefined,
    };
    const secure = connectTls(options);
    await happened(secure, "secureConnect", signal);
    return secure;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function read(word: string, file: string | null): Buffer | undefined {
  if (file === null) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    const why = fileTroubleIn(error, file) ?? String(error);
    throw new HandshakeError("TLS_FILE", `${word}: ${why}`);
  }
}

/** The event, or why it will not come. */
async function happened(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (then: () => void) => (): void => {
      socket.off(event, onEvent).off("error", onError).off("close", onClose);
      signal.removeEventListener("abort", onAbort);
      then();
    };
    const onEvent = settle(resolve);
    const onError = (error: Error): void => settle(() => reject(error))();
    const onClose = settle(() => reject(closedEarly()));
    const onAbort = (): void => void socket.destroy(closedEarly());
    socket.on(event, onEvent).on("error", onError).on("close", onClose);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
}
