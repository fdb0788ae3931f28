// Temporal's own settings, where its reader would pass over what is said: no login and no TLS is lost in silence.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessByEnvironment } from "../../../src/temporal/access.ts";
import { createAuthority, type Certificate } from "../../support/authority.ts";

let dir: string;
let client: Certificate;
let other: Certificate;
let authorityFile: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-access-"));
  const authority = createAuthority(dir);
  authorityFile = authority.certFile;
  client = authority.issue("client");
  other = authority.issue("other");
  writeFileSync(join(dir, "garbage"), "no PEM");
});
afterAll(() => rmSync(dir, { recursive: true }));

const access = (env: NodeJS.ProcessEnv) =>
  accessByEnvironment("default", { TEMPORAL_CONFIG_FILE: "", HOME: dir, ...env });
const pair = (certFile: string, keyFile: string): NodeJS.ProcessEnv => ({
  TEMPORAL_TLS_CLIENT_CERT_PATH: certFile,
  TEMPORAL_TLS_CLIENT_KEY_PATH: keyFile,
});

describe("a setting of Temporal that would not be heard is refused by its name", () => {
  test.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
    ["TEMPORAL_TLS=True", () => ({ TEMPORAL_TLS: "True" }), /^TEMPORAL_TLS: it is true or false$/],
    ["TEMPORAL_TLS=yes", () => ({ TEMPORAL_TLS: "yes" }), /^TEMPORAL_TLS: /],
    [
      "a server that is not to be verified",
      () => ({ TEMPORAL_TLS: "true", TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: "true" }),
      /^TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: .*TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
    ],
    [
      "a file of profiles that is not there",
      () => ({ TEMPORAL_CONFIG_FILE: join(dir, "nosuch.toml") }),
      /^TEMPORAL_CONFIG_FILE: there is no .*nosuch\.toml$/,
    ],
    [
      "a certificate without its key",
      () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: client.certFile }),
      /CLIENT_CERT_PATH is set, and TEMPORAL_TLS_CLIENT_KEY_PATH is not/,
    ],
    [
      "a key without its certificate",
      () => ({ TEMPORAL_TLS_CLIENT_KEY_PATH: client.keyFile }),
      /CLIENT_KEY_PATH is set, and TEMPORAL_TLS_CLIENT_CERT_PATH is not/,
    ],
    [
      "the key of another certificate",
      () => pair(client.certFile, other.keyFile),
      /CLIENT_KEY_PATH is not the key of the certificate/,
    ],
    [
      "a key that is none",
      () => pair(client.certFile, join(dir, "garbage")),
      /CLIENT_KEY_PATH holds no private key/,
    ],
    [
      "a certificate that is none",
      () => pair(client.keyFile, client.keyFile),
      /CLIENT_CERT_PATH holds no certificate/,
    ],
    [
      "an authority that is none",
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(dir, "garbage") }),
      /SERVER_CA_CERT_PATH holds no certificate/,
    ],
    [
      "a file that is not there",
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(dir, "nosuch.crt") }),
      /no such file.*nosuch\.crt/,
    ],
  ])("%s", (_, env, message) => {
    const reading = (): unknown => access(env());
    expect(reading).toThrow(message);
    expect(reading).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test.each([
    ["a line break", "hunter2\nx", "character 8 of 9 is a line break (U+000A)"],
    ["a zero-width space", "hunter2\u200b", "character 8 of 8 is (U+200B)"],
    ["a typographic quote", "\u201chunter2", "character 1 of 8 is (U+201C)"],
  ])("a key with %s, without the key (case 04)", (_, key, told) => {
    expect(() => access({ TEMPORAL_API_KEY: key })).toThrow(
      expect.objectContaining({
        code: "CONFIG",
        message: `TEMPORAL_API_KEY: ${told}, which no header can carry`,
      }),
    );
  });

  test("and all that is said right is heard", () => {
    const { options } = access({
      ...pair(client.certFile, client.keyFile),
      TEMPORAL_ADDRESS: "temporal.internal:7233",
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: authorityFile,
      TEMPORAL_TLS_SERVER_NAME: "temporal",
      TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: "false",
    });
    expect(options).toMatchObject({
      address: "temporal.internal:7233",
      tls: { serverNameOverride: "temporal", clientCertPair: {} },
    });
    expect(access({ TEMPORAL_API_KEY: "key" }).options).toMatchObject({ apiKey: "key", tls: true });
    expect(access({ TEMPORAL_TLS: "false" }).options.tls).toBe(false);
    expect(access({}).options.tls).toBeUndefined();
  });
});
