// Whether a database takes what is new: said of one that answers, and can't.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { tryWriting, whyNotWritten } from "../../src/store/write-probe.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { isAtLeast } from "../support/tier.ts";

const whyNot = async (db: Database): Promise<string | null> =>
  await tryWriting(db).then(
    () => null,
    (error: unknown) => whyNotWritten(error),
  );

onEachDatabase((underTest) => {
  test("one that takes all says so as often as it is asked, and keeps nothing of it", async () => {
    const { db } = underTest();
    const asked = await Promise.all(Array.from({ length: 8 }, () => whyNot(db)));
    expect(asked).toEqual(Array.from({ length: 8 }, () => null));
    const left = await db`select relname from pg_class where relname like '%probe%'`;
    expect(left).toEqual([]);
  });

  test("one that can't be reached does not answer", async () => {
    const nobody = openDatabase("postgres://someone@127.0.0.1:1/db", { timeoutMs: 500 });
    expect(await whyNot(nobody)).toBe("it does not answer");
    await nobody.end();
  });
});

describe("a PostgreSQL that answers", () => {
  let server: PostgresServer;
  let admin: Database;
  beforeAll(async () => {
    server = await startPostgres();
    admin = openDatabase(server.url);
  }, 60_000);
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });

  async function asked(change: (url: URL) => void): Promise<string | null> {
    const url = new URL(server.url);
    change(url);
    const db = openDatabase(url.href);
    try {
      return await whyNot(db);
    } finally {
      await db.end();
    }
  }
  const readOnly = (url: URL): void =>
    url.searchParams.set("options", "-cdefault_transaction_read_only=on");

  test("and was told to be read-only can only be read", async () => {
    expect(await asked(readOnly)).toBe("it can only be read");
  });

  test("is asked another way by a role that may make no temporary table", async () => {
    await admin`revoke temporary on database postgres from public`;
    await admin`create role modest login`;
    const modest = (url: URL): void => void (url.username = "modest");
    expect(await asked(modest)).toBeNull();
    const both = (url: URL): void => [modest, readOnly].forEach((change) => change(url));
    expect(await asked(both)).toBe("it can only be read");
    await admin`grant temporary on database postgres to public`;
  });

  const onSmallDisk = isAtLeast("full") && canMount() ? test : test.skip;
  onSmallDisk("and whose disk is full says so, though what is there can be changed", async () => {
    const disk = mkdtempSync(join(tmpdir(), "pawl-small-disk-"));
    const [row] = await admin<{ readonly dir: string }>`
      select current_setting('data_directory') as dir`;
    const { uid, gid } = statSync(row?.dir ?? "");
    const options = `size=16m,uid=${uid},gid=${gid}`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk]);
    try {
      await admin.script(`create tablespace small location '${disk}'`);
      await admin`alter database postgres set default_tablespace = small`;
      await admin`alter database postgres set temp_tablespaces = small`;
      await admin`create table kept tablespace small as select 1 as n`;
      writeFileSync(join(disk, "filler"), Buffer.alloc(4096));
      expect(await asked(() => undefined)).toBeNull();
      fill(join(disk, "filler"));
      expect(await asked(() => undefined)).toBe("its disk is full");
      await admin`update kept set n = n + 1`;
      rmSync(join(disk, "filler"));
      expect(await asked(() => undefined)).toBeNull();
    } finally {
      await server.stop();
      execFileSync("umount", [disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });
});

/** Until there is no room for another byte. */
function fill(file: string): void {
  for (const bytes of [1 << 20, 1 << 12]) {
    for (;;) {
      try {
        writeFileSync(file, Buffer.alloc(bytes), { flag: "a" });
      } catch {
        break;
      }
    }
  }
}

function canMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), "pawl-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", dir], { stdio: "ignore" });
    execFileSync("umount", [dir], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
