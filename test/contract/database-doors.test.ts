// A PostgreSQL with TLS and authorities of its own: who is shown which certificate, who is let in, and how it is said
// where that fails. A connection string can say all of it; so can libpq's variables.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createServer, type AddressInfo, type Server } from "node:net";
import { rename } from "node:fs/promises";
import { readConfig } from "../../src/config.ts";
import { openDatabase, type DatabaseWhere } from "../../src/store/database.ts";
import { makeCertificates, type Certificates } from "../support/certificates.ts";
import { findPostgres } from "../support/find-postgres.ts";
import { startPostgres, type Door, type PostgresServer } from "../support/postgres.ts";
import { until } from "../support/processes.ts";

const withPostgres = findPostgres() === undefined ? describe.skip : describe;

let files: Certificates;
let server: PostgresServer;

const of = (file: string): string => files.of(file);
const shows = (name: string): Door => ({ cert: of(`${name}.crt`), key: of(`${name}.key`) });

interface Answer {
  readonly ssl: boolean;
  readonly version: string | null;
  readonly client: string | null;
  readonly port: number | null;
  readonly name: string;
}

async function ask(where: DatabaseWhere): Promise<Answer | undefined> {
  const db = openDatabase(where, { connectionsMax: 1 });
  try {
    const [answer] = await db<Answer>`
      select ssl, s.version, client_dn as client, inet_server_port() as port, application_name as name
      from pg_stat_ssl s join pg_stat_activity using (pid) where pid = pg_backend_pid()`;
    return answer;
  } finally {
    await db.end();
  }
}

/** By name, since certificates are for names. */
function url(query: string, user = "postgres"): string {
  return `postgres://${user}@localhost:${server.port}/postgres?${query}`;
}

async function whyNot(where: DatabaseWhere): Promise<unknown> {
  return await ask(where).then(
    () => "it was answered",
    (error: unknown) => error,
  );
}

const TRUST = ["local all all trust", "host all all all trust"];

withPostgres("PostgreSQL with TLS", () => {
  beforeAll(async () => {
    const server1 = { by: "ca", subject: "db.example" };
    files = await makeCertificates([
      { name: "ca", by: "self", subject: "Test CA" },
      { name: "other-ca", by: "self", subject: "Another CA" },
      { name: "localhost", ...server1, names: ["DNS:localhost", "IP:127.0.0.1"] },
      { name: "elsewhere", ...server1, names: ["DNS:db.example"] },
      { name: "expired", ...server1, names: ["DNS:localhost"], days: -1 },
      { name: "self-signed", by: "self", subject: "localhost", names: ["DNS:localhost"] },
      { name: "client", by: "ca", subject: "postgres" },
      { name: "locked", by: "ca", subject: "postgres", password: "open sesame" },
      { name: "strange-client", by: "other-ca", subject: "postgres" },
    ]);
    server = await startPostgres({
      door: { ...shows("localhost"), clientAuthority: of("ca.crt"), hba: TRUST },
    });
  });
  afterAll(async () => {
    await server?.stop();
    await files?.remove();
  });

  /** The server hears of it a moment later. */
  const configured = async (door: Door, isSo: () => Promise<boolean>): Promise<void> => {
    await server.configure(door);
    await until("the server has read its files", isSo, 10_000);
  };

  describe("sslmode", () => {
    test.each([
      ["nothing said: TLS, since the server offers it", "", true],
      ["disable", "sslmode=disable", false],
      ["allow: without, since the server takes it", "sslmode=allow", false],
      ["prefer", "sslmode=prefer", true],
      ["require", "sslmode=require", true],
      ["ssl=true, of JDBC", "ssl=true", true],
      ["verify-ca", "sslmode=verify-ca&sslrootcert=$ca", true],
      ["verify-full", "sslmode=verify-full&sslrootcert=$ca", true],
      ["an authority alone", "sslrootcert=$ca", true],
      ["several authorities in a file", "sslmode=verify-full&sslrootcert=$both", true],
    ])("%s", async (_what, query, ssl) => {
      const found = query.replace("$ca", of("ca.crt")).replace("$both", of("ca.crt"));
      expect(await ask(url(found))).toMatchObject({ ssl });
    });

    test("the version of TLS can be bounded", async () => {
      const bounded = "sslmode=require&ssl_max_protocol_version=TLSv1.2";
      expect(await ask(url(bounded))).toMatchObject({ version: "TLSv1.2" });
    });

    test("all of it by libpq's variables, none of which is in a URL", async () => {
      const config = readConfig({
        TEMPORAL_ADDRESS: "unused:1",
        PGHOST: "localhost",
        PGPORT: String(server.port),
        PGUSER: "postgres",
        PGDATABASE: "postgres",
        PGSSLMODE: "verify-full",
        PGSSLROOTCERT: of("ca.crt"),
        PGAPPNAME: "by variables",
      });
      const { access } = config.database;
      expect(access).not.toBeNull();
      if (access === null) return;
      expect(await ask(access)).toMatchObject({ ssl: true, name: "by variables" });
    });

    test("sockets, named in the host's place, by ?host= and by keywords", async () => {
      const folder = server.socketFolder;
      for (const text of [
        `postgres://postgres@${encodeURIComponent(folder)}:${server.port}/postgres`,
        `postgres://postgres@/postgres?host=${folder}&port=${server.port}&sslmode=verify-full`,
        `host='${folder}' port=${server.port} user=postgres dbname=postgres`,
      ]) {
        expect(await ask(text)).toMatchObject({ ssl: false, port: null });
      }
    });

    test("of several hosts the first that can be reached, and is what is asked for, serves", async () => {
      const nobody = await closedPort();
      const hosts = `localhost:${nobody},localhost:${server.port}`;
      expect(await ask(`postgres://postgres@${hosts}/postgres`)).toMatchObject({
        port: server.port,
      });
      const primary = `postgres://postgres@${hosts}/postgres?target_session_attrs=primary`;
      expect(await ask(primary)).toMatchObject({ port: server.port });
      const rather = `postgres://postgres@${hosts}/postgres?target_session_attrs=prefer-standby`;
      expect(await ask(rather)).toMatchObject({ port: server.port });
      const none = await whyNot(
        `postgres://postgres@${hosts}/postgres?target_session_attrs=standby`,
      );
      expect(none).toMatchObject({
        code: "LEDGER_UNAVAILABLE",
        message: expect.stringMatching(
          /ECONNREFUSED.*it is not what target_session_attrs=standby asks/s,
        ),
      });
    });

    test("options and settings of the server reach it", async () => {
      const db = openDatabase(url("options=-c%20statement_timeout%3D7s&lock_timeout=3s"));
      expect(
        await db`
        select current_setting('statement_timeout') as a, current_setting('lock_timeout') as b`,
      ).toEqual([{ a: "7s", b: "3s" }]);
      await db.end();
    });
  });

  describe("what fails by TLS names the host, the reason and the setting", () => {
    const CASES: readonly (readonly [string, string, string, RegExp, RegExp])[] = [
      [
        "an authority that nobody named",
        "localhost",
        "sslmode=verify-full",
        /localhost:\d+: its certificate is signed by an authority that is not known here \(SELF_SIGNED_CERT_IN_CHAIN/,
        /sslrootcert=FILE in DATABASE_URL, or PGSSLROOTCERT/,
      ],
      [
        "another authority",
        "localhost",
        "sslmode=verify-ca&sslrootcert=$other-ca.crt",
        /authority that is not known here/,
        /sslrootcert names .*other-ca\.crt: it has to hold/,
      ],
      [
        "an authority that is told of with require, which then asks it, as in libpq",
        "localhost",
        "sslmode=require&sslrootcert=$other-ca.crt",
        /authority that is not known here/,
        /sslrootcert names/,
      ],
      [
        "a certificate that signed itself",
        "self-signed",
        "sslmode=verify-full&sslrootcert=$ca.crt",
        /DEPTH_ZERO_SELF_SIGNED_CERT/,
        /sslrootcert names/,
      ],
      [
        "another name",
        "elsewhere",
        "sslmode=verify-full&sslrootcert=$ca.crt",
        /its certificate is for another name .*db\.example/,
        /write the name of its certificate instead of localhost:\d+, or sslmode=verify-ca/,
      ],
      [
        "one that has expired",
        "expired",
        "sslmode=verify-ca&sslrootcert=$ca.crt",
        /out of date \(CERT_HAS_EXPIRED\)/,
        /renew it on the server/,
      ],
      [
        "a file that is not there",
        "localhost",
        "sslmode=verify-full&sslrootcert=$missing.crt",
        /sslrootcert: .*missing\.crt can't be used: it is not there/,
        /mend the path in DATABASE_URL/,
      ],
      [
        "a file that is no certificate",
        "localhost",
        "sslmode=verify-full&sslrootcert=$ca.key&sslcert=$ca.key&sslkey=$ca.key",
        /TLS failed \(ERR_OSSL/,
        /files in PEM/,
      ],
      [
        "a key that belongs to another certificate",
        "localhost",
        "sslmode=require&sslcert=$client.crt&sslkey=$strange-client.key",
        /KEY_VALUES_MISMATCH/,
        /sslkey is not the key of sslcert/,
      ],
      [
        "a key whose password is not given",
        "localhost",
        "sslmode=require&sslcert=$locked.crt&sslkey=$locked.key",
        /TLS failed/,
        /give its password with sslpassword/,
      ],
      [
        "a version that the server does not speak",
        "localhost",
        "sslmode=require&ssl_max_protocol_version=TLSv1.1&ssl_min_protocol_version=TLSv1",
        /TLS failed/,
        /ssl_m(in|ax)_protocol_version|sslmode/,
      ],
    ];
    test.each(CASES)("%s", async (_what, shown, query, ...[told, next]) => {
      await server.configure(shows(shown));
      const asked = url(query.replaceAll("$", `${files.dir}/`));
      await until(
        "the server has read its files",
        async () => told.test(String(await whyNot(asked))),
        10_000,
      ).catch(() => {});
      const error = await whyNot(asked);
      expect(String(error)).toMatch(told);
      expect(error).toMatchObject({
        code: "DATABASE_TLS",
        next: expect.stringMatching(next),
      });
      expect(String(error)).toMatch(/Postgres at localhost:\d+/);
      await server.configure(shows("localhost"));
    });

    test("verify-ca takes a certificate for another name, and verify-full does not", async () => {
      const terms = `sslrootcert=${of("ca.crt")}`;
      await configured(
        shows("elsewhere"),
        async () => (await whyNot(url(terms))) !== "it was answered",
      );
      expect(await ask(url(`sslmode=verify-ca&${terms}`))).toMatchObject({ ssl: true });
      await configured(
        shows("localhost"),
        async () => (await whyNot(url(terms))) === "it was answered",
      );
    });

    test("a server without TLS, where TLS is wanted", async () => {
      const plain = await startPostgres();
      const wanted = `${plain.url}?sslmode=require`;
      expect(await whyNot(wanted)).toMatchObject({
        code: "DATABASE_TLS",
        message: expect.stringMatching(/the server offers no TLS, and sslmode=require wants it/),
        next: expect.stringMatching(/sslmode=disable/),
      });
      // Nobody asked for it there.
      expect(await ask(plain.url)).toMatchObject({ ssl: false });
      await plain.stop();
    });

    test("what answers is no PostgreSQL, or says nothing at all, or hangs up", async () => {
      for (const [answer, told] of [
        ["HTTP/1.1 400 Bad Request\r\n\r\n", /no PostgreSQL server/],
        [null, /closed before the login/],
      ] as const) {
        const [port, other] = await answering(answer);
        const error = await whyNot(`postgres://u@127.0.0.1:${port}/db?sslmode=require`);
        expect(error).toMatchObject({
          code: "LEDGER_UNAVAILABLE",
          message: expect.stringMatching(told),
        });
        await new Promise((resolve) => other.close(resolve));
      }
    });
  });

  describe("who is let in", () => {
    const ONLY_TLS = [
      "local all all trust",
      "hostssl all all all trust",
      "hostnossl all all all reject",
    ];
    const BY_CERTIFICATE = ["local all all trust", "hostssl all all all cert"];

    test("a server that wants TLS has it where nothing is said, and says so where it is switched off", async () => {
      await configured(
        { hba: ONLY_TLS },
        async () => (await whyNot(url("sslmode=disable"))) !== "it was answered",
      );
      expect(await ask(url(""))).toMatchObject({ ssl: true });
      expect(await ask(url("sslmode=allow"))).toMatchObject({ ssl: true });
      expect(await whyNot(url("sslmode=disable"))).toMatchObject({
        code: "DATABASE_LOGIN",
        message: expect.stringMatching(/localhost:\d+ turned away user "postgres"/),
        next: expect.stringMatching(/sslmode=require/),
      });
    });

    test("a server that wants no TLS is asked without, where that is all the same", async () => {
      const none = [
        "local all all trust",
        "hostnossl all all all trust",
        "hostssl all all all reject",
      ];
      await configured(
        { hba: none },
        async () => (await whyNot(url("sslmode=require"))) !== "it was answered",
      );
      expect(await ask(url("sslmode=prefer"))).toMatchObject({ ssl: false });
    });

    test("by a certificate of the client, with a key that may be encrypted", async () => {
      await configured(
        { hba: BY_CERTIFICATE },
        async () => (await whyNot(url("sslmode=require"))) !== "it was answered",
      );
      const with_ = (name: string, more = ""): string =>
        url(
          `sslmode=verify-full&sslrootcert=${of("ca.crt")}&sslcert=${of(`${name}.crt`)}&sslkey=${of(`${name}.key`)}${more}`,
        );
      expect(await ask(with_("client"))).toMatchObject({ client: "/CN=postgres" });
      expect(await ask(with_("locked", "&sslpassword=open%20sesame"))).toMatchObject({ ssl: true });
      expect(await whyNot(url("sslmode=require"))).toMatchObject({
        code: "DATABASE_LOGIN",
        next: expect.stringMatching(/sslcert and sslkey/),
      });
      // What the server says of it may be lost with the connection, which it closes at once.
      expect(await whyNot(with_("strange-client"))).toMatchObject({
        code: expect.stringMatching(/^(DATABASE_TLS|LEDGER_UNAVAILABLE)$/),
        message: expect.stringMatching(/ALERT_UNKNOWN_CA|ECONNRESET|EPIPE|closed/),
        next: expect.stringMatching(
          /does not take the certificate of sslcert, .*strange-client\.crt/,
        ),
      });
    });

    test("a certificate that is renewed is used for the next connection", async () => {
      await configured(
        { hba: TRUST },
        async () => (await whyNot(url("sslmode=require"))) === "it was answered",
      );
      const renewed = of("renewed.crt");
      const asked = url(`sslmode=verify-full&sslrootcert=${renewed}`);
      const db = openDatabase(asked, { connectionsMax: 1 });
      await expect(db`select 1`).rejects.toMatchObject({ code: "DATABASE_TLS" });
      await rename(of("other-ca.crt"), renewed);
      await expect(db`select 1`).rejects.toMatchObject({ code: "DATABASE_TLS" });
      await rename(of("ca.crt"), renewed);
      expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
      await db.end();
    });
  });
});

async function closedPort(): Promise<number> {
  const [port, server_] = await answering(null);
  await new Promise((resolve) => server_.close(resolve));
  return port;
}

/** Null: hangs up. */
async function answering(answer: string | null): Promise<readonly [number, Server]> {
  const listening = createServer((socket) => {
    socket.on("error", () => undefined);
    if (answer === null) socket.destroy();
    else socket.resume().end(answer);
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens at a port
  return [(listening.address() as AddressInfo).port, listening];
}
