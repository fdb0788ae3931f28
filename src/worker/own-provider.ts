// Who answers runs in this worker, as it is pinned in runs and compared with what they were pinned to.

import { createHmac } from "node:crypto";
import type { Config } from "../config.ts";
import { baseUrlOf, keyFor, type OwnProvider } from "../domain/provider.ts";

/** A worker that calls no models knows where they are only if it was told. */
export function ownProvider(provider: Config["provider"], callsModels: boolean): OwnProvider {
  const { offline, baseUrl, formerBaseUrls } = provider;
  const key = keyFor(provider);
  return {
    isOffline: offline,
    baseUrl: callsModels || baseUrl !== undefined ? baseUrlOf(baseUrl) : null,
    keyFingerprint: offline || key === undefined ? null : fingerprintOf(key),
    formerBaseUrls: formerBaseUrls.map(baseUrlOf),
  };
}

/** Of nothing but keys of ours, and too short to be searched for by trying keys. */
const SALT = "pawl key fingerprint";
const FINGERPRINT_CHARS = 8;

function fingerprintOf(key: string): string {
  return createHmac("sha256", SALT).update(key).digest("hex").slice(0, FINGERPRINT_CHARS);
}
