// A certificate that nobody signed but its own key, made when it is asked for: as a company's inspecting proxy
// shows it to those who do not know its authority.

import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:https";

interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

export interface UntrustedServer {
  readonly url: string;
  /** Requests that came through all the same. */
  readonly requests: number;
  stop(): Promise<void>;
}

export async function startUntrustedServer(): Promise<UntrustedServer> {
  let requests = 0;
  const server: Server = createServer(selfSigned(), (_, response) => {
    requests += 1;
    response.end();
  });
  // A client that breaks the handshake off is what is wanted.
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `https://localhost:${port}`,
    get requests() {
      return requests;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function selfSigned(): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const body = toBeSigned(publicKey);
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, ECDSA_WITH_SHA256, der(0x03, Buffer.of(0), signature));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));

function toBeSigned(publicKey: KeyObject): Buffer {
  const commonName = sequence(oid("550403"), der(0x0c, Buffer.from("localhost")));
  const name = sequence(der(0x31, commonName));
  const moment = (iso: string): Buffer => der(0x18, Buffer.from(iso));
  return sequence(
    der(0x02, Buffer.of(1)),
    ECDSA_WITH_SHA256,
    name,
    sequence(moment("20200101000000Z"), moment("20991231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
  );
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80
      ? Buffer.of(length)
      : length < 0x100
        ? Buffer.of(0x81, length)
        : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, content]);
}
