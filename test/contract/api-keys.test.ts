import { describe, expect, test } from "@jest/globals";
import { createApiKeys, type NewApiKey } from "../../src/store/api-keys.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { until } from "../support/processes.ts";

const ORDER: NewApiKey = {
  tenant: "acme",
  name: "ci",
  scopes: ["runs:read", "runs:write"],
  expiresAt: null,
};

onEachDatabase((underTest) => {
  const keys = (options = {}) => createApiKeys(underTest().db, options);

  describe("a key", () => {
    test("G1: is known by its secret, of which nothing is stored", async () => {
      const { key, about } = await keys().create(ORDER);
      expect(key).toMatch(/^pawl_[a-z0-9]{16}_[A-Za-z0-9_-]{43}$/);
      expect(about).toMatchObject({ tenant: "acme", name: "ci", scopes: ORDER.scopes });
      expect(await keys().verify(key)).toMatchObject({ keyId: about.keyId, tenant: "acme" });

      const secret = key.split("_").slice(2).join("_");
      const rows = await underTest().db`select k::text as whole from pawl.api_key k`;
      expect(JSON.stringify(rows)).not.toContain(secret);
      expect(JSON.stringify(await keys().list())).not.toContain(secret);
    });

    test("G2: with another secret, another id or no shape at all is no key", async () => {
      const { key } = await keys().create(ORDER);
      const changed = key.slice(0, -1) + (key.endsWith("A") ? "B" : "A");
      const stranger = key.replace(/^pawl_[a-z0-9]{16}/, "pawl_0123456789abcdef");
      for (const bad of [changed, stranger, "", "pawl_", `${key}x`, key.toUpperCase()]) {
        expect(await keys().verify(bad)).toBeNull();
      }
    });

    test("G2: that is past its end is no key", async () => {
      let nowMs = Date.now();
      const reader = keys({ nowMs: () => nowMs });
      const { key } = await reader.create({ ...ORDER, expiresAt: new Date(nowMs + 60_000) });
      expect(await reader.verify(key)).not.toBeNull();
      nowMs += 60_001;
      expect(await reader.verify(key)).toBeNull();
    });

    test("G2: that is revoked is no key here at once, and elsewhere within ten seconds", async () => {
      let nowMs = Date.now();
      const here = keys();
      const elsewhere = keys({ nowMs: () => nowMs });
      const { key, about } = await here.create(ORDER);
      expect(await elsewhere.verify(key)).not.toBeNull();
      expect(await here.revoke(about.keyId)).toBe(true);
      expect(await here.revoke(about.keyId)).toBe(true);
      expect(await here.verify(key)).toBeNull();
      nowMs += 10_000;
      expect(await elsewhere.verify(key)).toBeNull();
    });

    test("is told as it is now to whoever holds something that was begun with it", async () => {
      let nowMs = Date.now();
      const reader = keys({ nowMs: () => nowMs });
      const { about } = await reader.create({ ...ORDER, expiresAt: new Date(nowMs + 60_000) });
      expect(await reader.current(about.keyId)).toMatchObject({ tenant: "acme" });
      nowMs += 60_001;
      expect(await reader.current(about.keyId)).toBeNull();
      expect(await reader.current("0123456789abcdef")).toBeNull();
    });

    test("says how far its runs may go, or nothing of it, and can't be stored with another word", async () => {
      const { key, about } = await keys().create({ ...ORDER, permission: "execute" });
      expect(about.permission).toBe("execute");
      expect(await keys().list()).toContainEqual(about);
      expect(await keys().verify(key)).toMatchObject({ permission: "execute" });
      const silent = await keys().create(ORDER);
      expect(await keys().verify(silent.key)).toMatchObject({ permission: null });
      const misspelt = { ...ORDER, permission: "root" as "read" };
      await expect(keys().create(misspelt)).rejects.toThrow(/permission/);
    });

    test("is a guess where nobody has its id, and none where only the secret is wrong or its time is over", async () => {
      const reader = keys();
      const { key, about } = await reader.create(ORDER);
      const other = (id: string): string => `pawl_${id}_${"A".repeat(43)}`;
      const stranger = other("fedcba9876543210");
      expect(reader.isUnknown(stranger)).toBe(false);
      for (const shown of [stranger, other(about.keyId), key, "pawl_"]) await reader.verify(shown);
      await reader.revoke(about.keyId);
      await reader.verify(key);
      expect(reader.isUnknown(stranger)).toBe(true);
      for (const shown of [other(about.keyId), key, "pawl_"]) {
        expect(reader.isUnknown(shown)).toBe(false);
      }
    });

    test("that is right is found beside any number of guesses, which together take a few statements", async () => {
      const { db } = underTest();
      let statements = 0;
      const counting: typeof db = Object.assign((...args: Parameters<typeof db>) => {
        statements += 1;
        return db(...args);
      }, db);
      const { key } = await keys().create(ORDER);
      const reader = createApiKeys(counting);
      const guesses = Array.from({ length: 3000 }, (_, n) =>
        reader.verify(`pawl_${n.toString(16).padStart(16, "0")}_${"A".repeat(43)}`),
      );
      const right = reader.verify(key);
      expect(await right).not.toBeNull();
      expect((await Promise.all(guesses)).every((found) => found === null)).toBe(true);
      expect(statements).toBeLessThan(20);
    });

    test("that does not exist can't be revoked", async () => {
      expect(await keys().revoke("0123456789abcdef")).toBe(false);
    });

    test("says when it was last used", async () => {
      const { key, about } = await keys().create({ ...ORDER, name: "used" });
      expect(about.lastUsedAt).toBeNull();
      await keys().verify(key);
      await until("the use is noted", async () => {
        const listed = await keys().list();
        return listed.find(({ keyId }) => keyId === about.keyId)?.lastUsedAt !== null;
      });
    });
  });

  test("there are keys while one of them could be used", async () => {
    expect(await keys().any()).toBe(true);
    for (const { keyId } of await keys().list()) await keys().revoke(keyId);
    expect(await keys().any()).toBe(false);
  });
});
