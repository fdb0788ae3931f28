import { describe, expect, test } from "@jest/globals";
import { openDatabase } from "../../../src/store/database.ts";
import { forTheServer, whoAt } from "../../../src/store/database-url.ts";

describe("what is for other clients is taken out of a URL", () => {
  test.each([
    ["postgres://u:p@h/db?sslmode=require&channel_binding=require", "?sslmode=require"],
    ["postgres://u:p@h:6543/db?pgbouncer=true&connection_limit=5", ""],
    ["postgres://u:p@h/db?schema=public", ""],
    [
      "postgres://u:p@h/db?options=endpoint%3Dx&sslmode=require",
      "?options=endpoint%3Dx&sslmode=require",
    ],
    ["postgres://u:p@h/db?application_name=a&pool_timeout=0", "?application_name=a"],
    ["postgres://u:p@h/db?prepareThreshold=0&statement_timeout=9", "?statement_timeout=9"],
    ["postgres://u:p@h/db?uselibpqcompat=true&sslmode=require", "?sslmode=require"],
    ["postgres://u:p@h/db", ""],
    ["postgres://u:p@h1,h2:5433/db?target_session_attrs=primary", "?target_session_attrs=primary"],
  ])("%s", (url, query) => {
    expect(forTheServer(url)).toBe(`${url.split("?")[0] ?? ""}${query}`);
  });
});

test("who was turned away is named without a password", () => {
  expect(whoAt("postgres://pa%40wl:s3cret@db.example:6543/my%20db?x=1")).toBe(
    'Postgres at db.example:6543 turned away user "pa@wl" for database "my db"',
  );
});

test.each(["postgres://u:s3c#ret@h/db", "postgres://u:s3c/ret@h:x/db"])(
  "a URL that the driver can't read is a setting to mend, and its password is nowhere: %s",
  (url) => {
    let thrown: unknown;
    try {
      openDatabase(url);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "CONFIG" });
    expect(JSON.stringify(thrown, Object.getOwnPropertyNames(thrown))).not.toContain("s3c");
    expect((thrown as Error).cause).toBeUndefined();
  },
);
