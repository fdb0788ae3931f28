// Keys to the gateway, `pawl_<id>_<secret>`: who may do what, for which tenant.
//
// G1. A secret is shown once, when its key is made; what is stored can't be turned back into it.
// G2. A key that is unknown, revoked or past its end is no key, and all of these look alike.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { KeyScope } from "../domain/key-scope.ts";
import type { Permission } from "../domain/permission.ts";
import type { Database } from "./database.ts";
import { createFreshMemory } from "./fresh-memory.ts";
import { gatheredReads } from "./gathered-reads.ts";

export interface ApiKey {
  readonly keyId: string;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** How far its runs may go; null where the key does not say. */
  readonly permission: Permission | null;
  readonly createdAt: string;
  /** Null where it never ends. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** To the minute. */
  readonly lastUsedAt: string | null;
}

export interface NewApiKey {
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly permission?: Permission;
  readonly expiresAt: Date | null;
}

export interface ApiKeys {
  /** `key` is the only copy of the secret there will ever be. */
  create(order: NewApiKey): Promise<{ readonly key: string; readonly about: ApiKey }>;
  list(): Promise<readonly ApiKey[]>;
  /** False where there is no such key; a key that is revoked already stays so. */
  revoke(keyId: string): Promise<boolean>;
  /** Null unless the key is good. */
  verify(key: string): Promise<ApiKey | null>;
  /** As it is now; null where it is revoked, past its end or gone. For what was begun with it and goes on. */
  current(keyId: string): Promise<ApiKey | null>;
  /** True where it was looked for a moment ago, and nobody has a key by this id: costs nothing to ask. */
  isUnknown(key: string): boolean;
  /** True where at least one key could be used now. */
  any(): Promise<boolean>;
}

export interface ApiKeysOptions {
  /** For how long a revoked key may still be taken for good. */
  readonly trustedForMs?: number;
  readonly nowMs?: () => number;
}

interface Row extends ApiKey {
  readonly secretSha256: string;
}

const TRUSTED_FOR_MS = 5000;
/** Ids in one statement. */
const READ_AT_ONCE_MAX = 500;
const USE_NOTED_EVERY_MS = 60_000;
const KEY = /^pawl_([a-z0-9]{16})_([A-Za-z0-9_-]{43})$/;

export function createApiKeys(db: Database, options: ApiKeysOptions = {}): ApiKeys {
  const { trustedForMs = TRUSTED_FOR_MS, nowMs = Date.now } = options;
  const rows = createKeyReader(db, trustedForMs, nowMs);
  const noteUse = createUseNote(db, nowMs);

  return {
    async create({ tenant, name, scopes, permission = null, expiresAt }) {
      const secret = randomBytes(32).toString("base64url");
      const keyId = randomBytes(8).toString("hex");
      const until = expiresAt?.toISOString() ?? null;
      const made = await db<{ about: ApiKey }>`
        insert into pawl.api_key as k (key_id, secret_sha256, tenant, name, scopes, permission, expires_at)
        values (${keyId}, ${sha256(secret)}, ${tenant}, ${name}, ${scopes}, ${permission},
          ${until}::timestamptz)
        returning pawl.about_key(k) as about`;
      const about = made[0]?.about;
      if (about === undefined) throw new Error("the key was not stored");
      return { key: `pawl_${keyId}_${secret}`, about };
    },
    async list() {
      const stored = await db<{ about: ApiKey }>`
        select pawl.about_key(k) as about from pawl.api_key k order by created_at, key_id`;
      return stored.map(({ about }) => about);
    },
    async revoke(keyId) {
      const revoked = await db`
        update pawl.api_key set revoked_at = coalesce(revoked_at, clock_timestamp())
        where key_id = ${keyId} returning key_id`;
      rows.forget(keyId);
      return revoked.length > 0;
    },
    async verify(key) {
      const [, keyId = "", secret = ""] = KEY.exec(key) ?? [];
      if (keyId === "") return null;
      const row = await rows.read(keyId);
      // A key that does not exist takes as long to refuse as one whose secret is wrong.
      const isRight = sameDigest(sha256(secret), row?.secretSha256 ?? sha256(""));
      const good = row === null || !isRight ? null : goodNow(row, nowMs());
      if (good !== null) noteUse(keyId);
      return good;
    },
    async current(keyId) {
      const row = await rows.read(keyId);
      return row === null ? null : goodNow(row, nowMs());
    },
    isUnknown(key) {
      const [, keyId = ""] = KEY.exec(key) ?? [];
      return rows.isMissing(keyId);
    },
    async any() {
      const found = await db`
        select from pawl.api_key
        where revoked_at is null and (expires_at is null or expires_at > clock_timestamp()) limit 1`;
      return found.length > 0;
    },
  };
}

/** What may be shown of it; null where it opens nothing any more. */
function goodNow(row: Row, nowMs: number): ApiKey | null {
  const { secretSha256: _, ...about } = row;
  const { revokedAt, expiresAt } = about;
  if (revokedAt !== null) return null;
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? null : about;
}

interface KeyReader {
  read(keyId: string): Promise<Row | null>;
  /** Known to be nobody's, without asking the database. */
  isMissing(keyId: string): boolean;
  forget(keyId: string): void;
}

function createKeyReader(db: Database, trustedForMs: number, nowMs: () => number): KeyReader {
  // Guesses have a memory of their own: they must not push out the keys that are used.
  const found = createFreshMemory<Row>(nowMs, trustedForMs);
  const missing = createFreshMemory<true>(nowMs, trustedForMs);
  const readRow = gatheredReads(readRows, READ_AT_ONCE_MAX);

  async function readRows(keyIds: readonly string[]): Promise<ReadonlyMap<string, Row>> {
    const rows = await db<{ about: Row }>`
      select pawl.about_key(k) || jsonb_build_object('secretSha256', k.secret_sha256) as about
      from pawl.api_key k where key_id = any (${keyIds})`;
    return new Map(rows.map(({ about }) => [about.keyId, about]));
  }

  return {
    forget(keyId) {
      found.forget(keyId);
      missing.forget(keyId);
    },
    isMissing: (keyId) => missing.get(keyId) !== null,
    async read(keyId) {
      const before = found.get(keyId);
      if (before !== null) return before;
      if (missing.get(keyId) !== null) return null;
      const askedAtMs = nowMs();
      const row = await readRow(keyId);
      if (row === null) missing.put(keyId, true, askedAtMs);
      else found.put(keyId, row, askedAtMs);
      return row;
    },
  };
}

/** Nobody waits for it, and nothing depends on it. */
function createUseNote(db: Database, nowMs: () => number): (keyId: string) => void {
  const notedAtMs = new Map<string, number>();
  return (keyId) => {
    if (nowMs() - (notedAtMs.get(keyId) ?? -Infinity) < USE_NOTED_EVERY_MS) return;
    notedAtMs.set(keyId, nowMs());
    const noted = db`
      update pawl.api_key set last_used_at = clock_timestamp() where key_id = ${keyId}`;
    noted.catch(() => undefined);
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** In constant time: how long a refusal takes says nothing of how much of a guess was right. */
function sameDigest(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, "hex"), Buffer.from(b, "hex"));
}
