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
