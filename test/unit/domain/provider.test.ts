import { describe, expect, test } from "@jest/globals";
import {
  baseUrlOf,
  providerDiffers,
  providerText,
  type OwnProvider,
  type Provider,
} from "../../../src/domain/provider.ts";

const REAL: Provider = {
  isOffline: false,
  baseUrl: "https://api.anthropic.com",
  keyFingerprint: "aaaaaaaa",
};
const OFFLINE: Provider = {
  isOffline: true,
  baseUrl: "http://127.0.0.1:4100",
  keyFingerprint: null,
};
const own = (provider: Provider, rest: Partial<OwnProvider> = {}): OwnProvider => ({
  ...provider,
  formerBaseUrls: [],
  ...rest,
});

describe("a worker with another provider than the run's", () => {
  test.each([
    ["P4: the offline model for a real run", REAL, own(OFFLINE)],
    ["P4: the real API for an offline run", OFFLINE, own(REAL)],
    ["P5: another address", REAL, own(REAL, { baseUrl: "https://gateway.example" })],
    ["P5: another path", REAL, own(REAL, { baseUrl: "https://api.anthropic.com/eu" })],
  ])("%s: is told so by name", (_which, pinned, worker) => {
    expect(providerDiffers(pinned, worker)).toMatch(/^PROVIDER_DIFFERS: the run began with /);
  });

  test.each([
    ["P6: a rotated key", REAL, own(REAL, { keyFingerprint: "bbbbbbbb" })],
    ["P5: another offline model", OFFLINE, own(OFFLINE, { baseUrl: "http://127.0.0.1:5000" })],
    [
      "P5: an address that is said to have been the run's",
      REAL,
      own(REAL, { baseUrl: "https://gateway.example", formerBaseUrls: [REAL.baseUrl ?? ""] }),
    ],
    ["a run that was opened where nobody knew the address", { ...REAL, baseUrl: null }, own(REAL)],
    ["a worker that was told no address, and asks none", REAL, own({ ...REAL, baseUrl: null })],
  ])("%s: goes on with the run", (_which, pinned, worker) => {
    expect(providerDiffers(pinned, worker)).toBeNull();
  });
});

test("no key is told, and a fingerprint only where people look", () => {
  expect(providerText(REAL)).toBe("https://api.anthropic.com (key #aaaaaaaa)");
  expect(providerText(OFFLINE)).toBe("the offline model");
  expect(providerDiffers(REAL, own(OFFLINE))).not.toContain("aaaaaaaa");
});

test("an address is the same with and without its last slash, and the API's own where none is set", () => {
  expect(baseUrlOf("https://host/x/")).toBe(baseUrlOf("https://host/x"));
  expect(baseUrlOf(undefined)).toBe("https://api.anthropic.com");
});
