import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { doorByTokenFile, isLocalToken } from "../../../src/gateway/local-door.ts";
import { refuseFarCallers, refuseOtherSites } from "../../../src/gateway/local-guard.ts";

const HERE = { host: "localhost:7420" };

function heard(headers: Record<string, string>, address = "127.0.0.1"): string {
  try {
    refuseFarCallers(new Headers(headers), address);
    refuseOtherSites(new Headers(headers));
    return "heard";
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}

describe("G3: who is local", () => {
  test.each<[string, Record<string, string>, string?]>([
    ["curl", HERE],
    ["an address instead of a name", { host: "127.0.0.1:7420" }],
    ["IPv6", { host: "[::1]:7420" }, "::1"],
    ["IPv4 in IPv6", HERE, "::ffff:127.0.0.1"],
    [
      "the page itself",
      { ...HERE, origin: "http://localhost:7420", "sec-fetch-site": "same-origin" },
    ],
    ["an address typed into the browser", { ...HERE, "sec-fetch-site": "none" }],
    ["a forwarded port", { host: "localhost:9999" }],
  ])("%s is heard", (...[, headers, address]) => {
    expect(heard(headers, address)).toBe("heard");
  });

  test.each<[string, Record<string, string>, string?]>([
    ["a name that was pointed at 127.0.0.1 (DNS rebinding)", { host: "evil.example:7420" }],
    ["a name that only looks like ours", { host: "localhost.evil.example" }],
    ["a name that ends like ours", { host: "evil-localhost" }],
    ["no name at all", {}],
    ["a page of another site that posts here", { ...HERE, origin: "http://evil.example" }],
    ["a page in a sandbox", { ...HERE, origin: "null" }],
    ["a page of another port", { ...HERE, origin: "http://localhost:3000" }],
    ["our name, but over TLS", { ...HERE, origin: "https://localhost:7420" }],
    ["an image of another site", { ...HERE, "sec-fetch-site": "cross-site" }],
    ["a page of another port that reads", { ...HERE, "sec-fetch-site": "same-site" }],
  ])("%s is refused", (...[, headers, address]) => {
    expect(heard(headers, address)).toBe("FORBIDDEN");
  });

  test.each<[string, Record<string, string>, string?]>([
    ["another machine", HERE, "192.0.2.1"],
    ["a proxy on this machine", { ...HERE, "x-forwarded-for": "192.0.2.1" }],
    ["a proxy that says so in the standard way", { ...HERE, forwarded: "for=192.0.2.1" }],
    ["a proxy that names itself", { ...HERE, via: "1.1 proxy" }],
  ])("of an open gateway, %s needs a key", (...[, headers, address]) => {
    expect(heard(headers, address)).toBe("UNAUTHENTICATED");
  });
});

describe("the token of a local stack", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "pawl-door-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test("opens the door, and nothing else does", () => {
    const path = join(dir, "local.token");
    writeFileSync(path, "pawl_local_secret\n");
    const door = doorByTokenFile(path);
    expect(isLocalToken(door, "pawl_local_secret")).toBe(true);
    for (const wrong of ["", "pawl_local_secre", "pawl_local_secret ", "PAWL_LOCAL_SECRET", path]) {
      expect(isLocalToken(door, wrong)).toBe(false);
    }
    for (const kind of ["keys", "open"] as const) {
      expect(isLocalToken({ kind }, "pawl_local_secret")).toBe(false);
    }
  });

  test("that is empty or missing stops the start: an empty key must not be a good one", () => {
    const path = join(dir, "local.token");
    expect(() => doorByTokenFile(path)).toThrow(/can't be read/);
    writeFileSync(path, " \n");
    expect(() => doorByTokenFile(path)).toThrow(/is empty/);
  });
});
