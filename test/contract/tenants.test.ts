// The registry of tenants, and the step that makes it where keys and budgets are there before.

import { beforeEach, describe, expect, test } from "@jest/globals";
import { createApiKeys } from "../../src/store/api-keys.ts";
import { migrate } from "../../src/store/migrate.ts";
import { readSchema } from "../../src/store/migrations.ts";
import { createTenants } from "../../src/store/tenants.ts";
import { onEachDatabase } from "../support/each-database.ts";

onEachDatabase((underTest) => {
  const db = () => underTest().db;
  const tenants = (options = {}) => createTenants(db(), options);
  const keyOf = (tenant: string) =>
    createApiKeys(db()).create({ tenant, name: "k", scopes: ["runs:read"], expiresAt: null });
  const UNKNOWN = { code: "UNKNOWN_TENANT" };

  beforeEach(async () => {
    await db()`delete from pawl.tenant where name <> 'local'`;
    await db()`delete from pawl.api_key`;
  });

  test("local is there from the beginning, and stays", async () => {
    expect(await tenants().list()).toEqual([{ name: "local", addedAt: expect.any(String) }]);
    await expect(tenants().remove("Local")).rejects.toThrow("local is always there");
    expect(await tenants().admit("local")).toBe("local");
  });

  test("G8: whoever is registered is admitted, written in any case, and nobody else", async () => {
    expect(await tenants().add("Acme")).toEqual({ name: "acme", isNew: true });
    expect(await tenants().add("ACME")).toEqual({ name: "acme", isNew: false });
    expect(await tenants().admit("ａＣme")).toBe("acme");
    for (const other of ["acme2", "acm\u0435", "acme ", "", null, { name: "acme" }]) {
      await expect(tenants().admit(other)).rejects.toMatchObject(UNKNOWN);
    }
    expect((await tenants().list()).map(({ name }) => name)).toEqual(["acme", "local"]);
  });

  test("an open registry takes whoever has a name, once however many come at once", async () => {
    const open = () => tenants({ isOpen: true });
    const names = await Promise.all(Array.from({ length: 8 }, () => open().admit("Newcomer")));
    expect(new Set(names)).toEqual(new Set(["newcomer"]));
    await expect(open().admit("new comer")).rejects.toMatchObject(UNKNOWN);
    expect(await tenants().admit("newcomer")).toBe("newcomer");
  });

  test("one that is removed loses its keys, and is refused here at once and elsewhere soon", async () => {
    let nowMs = 0;
    const elsewhere = tenants({ nowMs: () => nowMs });
    await tenants().add("leaving");
    await tenants().add("stays");
    const [{ key }, { key: others }] = [await keyOf("leaving"), await keyOf("stays")];
    await elsewhere.admit("leaving");
    const here = tenants();
    await here.admit("leaving");
    expect(await here.remove("leaving")).toEqual({ name: "leaving", keysRevoked: 1 });
    await expect(here.admit("leaving")).rejects.toMatchObject(UNKNOWN);
    nowMs += 10_000;
    await expect(elsewhere.admit("leaving")).rejects.toMatchObject(UNKNOWN);
    expect(await createApiKeys(db()).verify(key)).toBeNull();
    expect(await createApiKeys(db()).verify(others)).not.toBeNull();
    await expect(here.remove("leaving")).rejects.toMatchObject(UNKNOWN);
  });

  describe("the step that makes it", () => {
    const { tables, ...rest } = readSchema();
    const before = { ...rest, tables: tables.filter(({ number }) => number < 14) };

    test("registers whoever has a key or a budget, and ends keys whose tenant only looks like one", async () => {
      await db().script("drop schema if exists pawl cascade");
      // The functions of today name the table; those of that time did not.
      const functions = { ...rest.functions, sql: withoutTenants(rest.functions.sql) };
      await migrate(underTest().url, { schema: { ...before, functions } });
      const keys = [await keyOf("acme"), await keyOf("Acme"), await keyOf("acme")];
      await db()`
        insert into pawl.budget (key, scope, tenant, is_set)
        values ('tenant_day/globex', 'tenant_day', 'globex', true),
          ('tenant_day/A%2FB', 'tenant_day', 'A/B', true), ('tenant_day', 'tenant_day', null, true)`;
      await migrate(underTest().url);
      const names = (await tenants().list()).map(({ name }) => name);
      expect(names).toEqual(["acme", "globex", "local"]);
      const verify = (at: number) => createApiKeys(db()).verify(keys[at]?.key ?? "");
      expect(await verify(0)).not.toBeNull();
      expect(await verify(1)).toBeNull();
      expect(await verify(2)).not.toBeNull();
    });
  });
});

function withoutTenants(sql: string): string {
  const start = sql.indexOf("-- Ends a tenant and its keys together");
  return sql.slice(0, start) + sql.slice(sql.indexOf("end $$;", start) + "end $$;".length);
}
