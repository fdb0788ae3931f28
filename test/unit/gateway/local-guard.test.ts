import { describe, expect, test } from "@jest/globals";
import { guardLocal, isLoopback } from "../../../src/gateway/local-guard.ts";

const HERE = { host: "localhost:7420" };

function heard(headers: Record<string, string>, address = "127.0.0.1"): string {
  try {
    guardLocal(new Headers(headers), address);
    return "heard";
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}

describe("G3: without a key", () => {
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
  ])("%s needs a key", (...[, headers, address]) => {
    expect(heard(headers, address)).toBe("UNAUTHENTICATED");
  });
});

test.each([
  ["127.0.0.1", true],
  ["127.1.2.3", true],
  ["localhost", true],
  ["::1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.1.2", false],
])("%s is loopback: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
