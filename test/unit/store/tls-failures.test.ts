import { describe, expect, test } from "@jest/globals";
import { readAccess } from "../../../src/conninfo/read-access.ts";
import { failureOf } from "../../../src/store/failures.ts";

const CODED = (code: string, message = "as OpenSSL says"): Error =>
  Object.assign(new Error(message), { code });
const AUTHORITY = /certificate is signed by an authority that is not known here/;

describe("each failure of TLS is a sentence with the host, the reason and the setting", () => {
  test.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", AUTHORITY, /sslrootcert/],
    ["SELF_SIGNED_CERT_IN_CHAIN", AUTHORITY, /sslrootcert/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", AUTHORITY, /sslrootcert/],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", AUTHORITY, /sslrootcert/],
    ["CERT_HAS_EXPIRED", /out of date/, /renew it on the server/],
    ["CERT_NOT_YET_VALID", /out of date/, /the clock here/],
    ["CERT_REVOKED", /sslcrl speaks against/, /renew/],
    ["CRL_HAS_EXPIRED", /the list of sslcrl is out of date/, /renew the file of sslcrl/],
    ["UNABLE_TO_GET_CRL", /sslcrl speaks against/, /sslcrl/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", /for another name/, /instead of db\.example:5432/],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", /TLS failed/, /ssl_min_protocol_version/],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", /TLS failed/, /name sslcert and sslkey/],
    ["ERR_SSL_WRONG_VERSION_NUMBER", /TLS failed/, /sslmode/],
    ["CERT_SOMETHING_NEW", /TLS failed/, /docs\/database\.md/],
  ])("%s", (code, what, next) => {
    const access = readAccess("postgres://u:s3cret@db.example/x?sslmode=verify-full");
    const failure = failureOf(CODED(code), access, access.places[0]);
    expect(failure).toMatchObject({
      code: "DATABASE_TLS",
      message: expect.stringMatching(what),
      next: expect.stringMatching(next),
    });
    expect(String(failure)).toMatch(/Postgres at db\.example:5432: /);
    expect(String(failure)).not.toContain("s3cret");
  });
});

describe("what has nothing to do with TLS", () => {
  const access = readAccess("postgres://u@db.example/x");

  test.each(["ECONNREFUSED", "ENOENT", "EAI_AGAIN", "CONNECT_TIMEOUT", "08006", "57P03", "53300"])(
    "%s may pass",
    (code) => {
      expect(failureOf(CODED(code), access)).toMatchObject({ code: "LEDGER_UNAVAILABLE" });
    },
  );

  test.each([
    ["no such user: u", "DATABASE_LOGIN"],
    ["password authentication failed", "DATABASE_LOGIN"],
    ["pgbouncer cannot connect to server", "LEDGER_UNAVAILABLE"],
    ["unsupported startup parameter: options", "CONFIG"],
    ["unsupported startup parameter in options: search_path", "CONFIG"],
  ])("of pgbouncer, which has one code for all: %s", (message, code) => {
    expect(failureOf(CODED("08P01", message), access)).toMatchObject({ code });
  });

  test("a password that nobody gave is asked for", () => {
    const told = CODED("28P01", 'password authentication failed for user "u"');
    expect(failureOf(told, access)).toMatchObject({
      next: expect.stringMatching(/PGPASSWORD_FILE/),
    });
    expect(failureOf(told, readAccess("postgres://u:p@h/d"))).toMatchObject({ next: null });
  });

  test("what is a fault of ours stays what it is", () => {
    const fault = CODED("ERR_INVALID_ARG_TYPE");
    expect(failureOf(fault, access)).toBe(fault);
  });
});
