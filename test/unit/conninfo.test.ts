import { describe, expect, test } from "@jest/globals";
import { nameOf, type DatabaseAccess } from "../../src/conninfo/access.ts";
import { readAccess } from "../../src/conninfo/read-access.ts";
import { openDatabase, placeOf } from "../../src/store/database.ts";

function read(text: string, variables: Readonly<Record<string, string>> = {}): DatabaseAccess {
  const words = Object.entries(variables).map(
    ([word, value]) => [word, { value, from: `PG${word.toUpperCase()}` }] as const,
  );
  return readAccess(text, new Map(words));
}

function placesIn(text: string): readonly string[] {
  return read(text).places.map(nameOf);
}

describe("a URL says where, who and which", () => {
  test.each([
    ["postgres://u:p@h/db", "h:5432"],
    ["postgresql://u:p@h:6543/db", "h:6543"],
    ["postgres://u@[2001:db8::1]:5433/db", "[2001:db8::1]:5433"],
    ["postgres://u@h1,h2:5433/db", "h1:5432, h2:5433"],
    ["postgres://u@h1:1,h2:2,h3:3/db", "h1:1, h2:2, h3:3"],
    ["postgres:///db?host=h1,h2&port=7", "h1:7, h2:7"],
    ["postgres:///db", "localhost:5432"],
    ["postgres://", "localhost:5432"],
    ["postgres://u@%2Frun%2Fpostgresql/db", "/run/postgresql/.s.PGSQL.5432"],
    ["postgres://u@%2Frun%2Fa%2Cb:5433/db", "/run/a,b/.s.PGSQL.5433"],
    ["postgres:///db?host=/run/postgresql&port=5433", "/run/postgresql/.s.PGSQL.5433"],
    ["postgres://h/db?host=%2Frun%2Fpostgresql", "/run/postgresql/.s.PGSQL.5432"],
    ["host=h port=7 dbname=db", "h:7"],
    ["host = '/run/with space' dbname = db", "/run/with space/.s.PGSQL.5432"],
  ])("%s", (text, places) => {
    expect(placesIn(text).join(", ")).toBe(places);
  });

  test.each([
    ["postgres://pa%40wl:s3%2Fc%23@h/my%20db", "pa@wl", "s3/c#", "my db"],
    ["postgres://u:s3c#ret@h/db", "u", "s3c#ret", "db"],
    ["postgres://u:p@ss@h/db", "u", "p@ss", "db"],
    ["postgres://u:a:b+c@h/db", "u", "a:b+c", "db"],
    ["postgres://h/db?user=u&password=p%26q", "u", "p&q", "db"],
    ["host=h user=u password='it\\'s a \\\\' dbname=db", "u", "it's a \\", "db"],
    ["postgres://h", null, null, null],
  ])("%s: %s, %s, %s", (text, user, password, database) => {
    expect(read(text)).toMatchObject({ user, password, database });
  });

  test("hostaddr is connected to, and host is the name that counts", () => {
    expect(read("postgres://db.example/x?hostaddr=10.0.0.7").places).toEqual([
      { kind: "tcp", host: "db.example", address: "10.0.0.7", port: 5432 },
    ]);
  });

  test("what it does not say, variables say; what it says goes before them", () => {
    const variables = {
      ...{ host: "h9", port: "9", user: "u9", password: "p9", dbname: "d9", sslmode: "require" },
      ...{ connect_timeout: "3", target_session_attrs: "primary", application_name: "a9" },
    };
    expect(read("postgres://", variables)).toMatchObject({
      places: [{ host: "h9", port: 9 }],
      ...{ user: "u9", password: "p9", database: "d9", session: "primary" },
      ...{ connectTimeoutMs: 3000, tls: { mode: "require" } },
      startup: { application_name: "a9" },
    });
    expect(read("postgres://u:p@h:1/d?sslmode=disable", variables)).toMatchObject({
      places: [{ host: "h", port: 1 }],
      ...{ user: "u", password: "p", database: "d", tls: { mode: "disable" } },
    });
  });
});

describe("how it is encrypted", () => {
  test.each([
    ["", "prefer"],
    ["?sslmode=disable", "disable"],
    ["?sslmode=allow", "allow"],
    ["?sslmode=require", "require"],
    ["?sslmode=verify-ca", "verify-ca"],
    ["?sslmode=verify-full", "verify-full"],
    ["?sslmode=no-verify", "require"],
    ["?ssl=true", "require"],
    ["?ssl=false", "disable"],
    ["?sslmode=verify-full&ssl=true", "verify-full"],
    // Who names an authority wants it asked.
    ["?sslrootcert=%2Fca.crt", "verify-full"],
    ["?sslrootcert=system", "verify-full"],
    ["?sslmode=require&sslrootcert=%2Fca.crt", "verify-ca"],
  ])("postgres://h/db%s: %s", (query, mode) => {
    expect(read(`postgres://h/db${query}`).tls.mode).toBe(mode);
  });

  test("files, versions and the rest are what they are called", () => {
    const query =
      "sslmode=verify-full&sslrootcert=/ca&sslcert=/c&sslkey=/k&sslpassword=pw&sslcrl=/l&sslsni=0&sslnegotiation=direct&ssl_min_protocol_version=TLSv1.3";
    expect(read(`postgres://h/db?${query}`).tls).toEqual({
      ...{ mode: "verify-full", rootCertFile: "/ca", certFile: "/c", keyFile: "/k" },
      ...{ keyPassword: "pw", crlFile: "/l", versionMin: "TLSv1.3", versionMax: null },
      ...{ isDirect: true, tellsName: false },
    });
  });
});

describe("what a session begins with", () => {
  test.each([
    ["sslmode=require&channel_binding=require", { application_name: "pawl" }],
    ["pgbouncer=true&connection_limit=5&prepareThreshold=0", { application_name: "pawl" }],
    ["schema=public&currentSchema=x", { application_name: "pawl" }],
    ["options=endpoint%3Dx", { application_name: "pawl", options: "endpoint=x" }],
    ["application_name=a&pool_timeout=0", { application_name: "a" }],
    ["fallback_application_name=b", { application_name: "b" }],
    ["statement_timeout=9", { application_name: "pawl", statement_timeout: "9" }],
    ["client_encoding=utf8&gssencmode=prefer", { application_name: "pawl" }],
  ])("%s", (query, startup) => {
    expect(read(`postgres://u@h/db?${query}`).startup).toEqual(startup);
  });

  test.each([
    ["", 10_000],
    ["connect_timeout=3", 3000],
    ["connect_timeout=0", null],
  ])("%s: a connection may take %s ms", (query, ms) => {
    expect(read(`postgres://u@h/db?${query}`).connectTimeoutMs).toBe(ms);
  });
});

describe("what can't be honoured is refused by name, with what to write instead, and without a value", () => {
  test.each([
    ['"postgres://u:s3cret@h/db"', /^DATABASE_URL: it begins with a quotation mark/],
    ["'postgres://u:s3cret@h/db'", /^DATABASE_URL: it begins with a quotation mark/],
    ["psql 'postgres://u:s3cret@h/db'", /begins with a command: write the URL alone/],
    ["DATABASE_URL=postgres://u:s3cret@h/db", /begins with a command: write the URL alone/],
    [
      "postgresql+asyncpg://u:s3cret@h/db",
      /begins with postgresql\+asyncpg:\/\/.*: write postgres:\/\//,
    ],
    ["jdbc:postgresql://h/db?password=s3cret", /jdbc:postgresql:\/\/.*: write postgres:\/\//],
    ["mysql://u:s3cret@h/db", /it is no URL of PostgreSQL/],
    ["notaurl", /it is no URL of PostgreSQL/],
    ["postgres://u:s3cret/x@h/db", /% are written %23 %2F %3F %40 and %25/],
    ["postgres://u:s3cret?x@h/db", /% are written %23 %2F %3F %40 and %25/],
    ["postgres://u:s3cr%et@h/db", /a bare %, which is written %25/],
    ["postgres://u:s3cr%ff@h/db", /no text in UTF-8/],
    ["postgres://u@h:s3cret/db", /a port is a number|can't be read/],
    ["postgres://u@h:70000/db", /a port is a number from 1 to 65535/],
    ["postgres://u@h1,h2,h3/db?port=1,2", /2 ports for 3 hosts/],
    ["postgres://h/db?sslmode", /behind its \? stand pairs/],
    ["postgres://h/db?sslmode=verify", /sslmode is one of disable, .* verify-full/],
    ["postgres://h/db?sslmode=prefer&sslrootcert=/ca", /proves nothing with sslmode=prefer/],
    ["postgres://h/db?sslmode=require&sslrootcert=system", /wants sslmode=verify-full/],
    ["postgres://h/db?sslcert=/c", /sslcert and sslkey belong together/],
    ["postgres://h/db?sslcrldir=/d", /sslcrldir is not supported: name one file with sslcrl/],
    ["postgres://h/db?service=s", /service is not supported: write host/],
    ["postgres://h/db?passfile=/p", /passfile is not supported: set PGPASSWORD/],
    ["postgres://h/db?require_auth=scram-sha-256", /require_auth is not supported/],
    ["postgres://h/db?gssencmode=require", /gssencmode is not supported/],
    ["postgres://h/db?sslaccept=strict", /sslaccept is not supported: write sslmode=verify-full/],
    ["postgres://h/db?targetServerType=primary", /write target_session_attrs/],
    ["postgres://h/db?target_session_attrs=master", /target_session_attrs is one of any/],
    ["postgres://h/db?load_balance_hosts=yes", /load_balance_hosts is one of/],
    ["postgres://h/db?connect_timeout=soon", /connect_timeout is a whole number/],
    ["postgres://h/db?client_encoding=LATIN1", /client_encoding is UTF8/],
    ["postgres://h/db?sslnegotiation=direct", /direct wants sslmode=require/],
    ["postgres://h/db?ssl_min_protocol_version=1.2", /is one of TLSv1, /],
    ["host=h password='s3cret", /keywords with values/],
    ["host=@abstract", /a socket without a folder/],
  ])("%s", (text, told) => {
    expect(() => read(text)).toThrow(told);
    expect(() => read(text)).toThrow(/^DATABASE_URL: /);
    expect(() => read(text)).not.toThrow(/s3cr/);
    expect(() => openDatabase(text)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("of a variable it is the variable that is named", () => {
    expect(() => read("postgres://", { sslmode: "yes" })).toThrow(/^PGSSLMODE: sslmode is one of/);
    expect(() => read("postgres://", { port: "x" })).toThrow(/^PGPORT: a port is/);
  });

  test("nothing of the URL is in the error, nor in what caused it", () => {
    let thrown: unknown;
    try {
      openDatabase("postgres://u:s3c/ret@h:x/db");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "CONFIG" });
    expect(JSON.stringify(thrown, Object.getOwnPropertyNames(thrown))).not.toContain("s3c");
    expect((thrown as Error).cause).toBeUndefined();
  });
});

test("where it leads is told without user and password", () => {
  expect(placeOf("postgres://u:s3cret@h1,h2:7/db")).toBe("h1:5432, h2:7");
});
