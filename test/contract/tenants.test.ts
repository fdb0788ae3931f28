// The registry of tenants.

import { beforeEach, expect, test } from "@jest/globals";
import { createApiKeys } from "../../src/store/api-keys.ts";
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
});
