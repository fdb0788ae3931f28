import { describe, expect, test } from "@jest/globals";
import { proxyFor, proxyText, type ProxySettings } from "../../../src/outbound/proxies.ts";

const BOTH: ProxySettings = { https: "http://secure:3128", http: "http://plain:3128" };
const through = (url: string, settings: ProxySettings = BOTH): string | null =>
  proxyFor(new URL(url), settings)?.host ?? null;

test("each scheme has its own proxy", () => {
  expect(through("https://api.anthropic.com")).toBe("secure:3128");
  expect(through("http://gateway.example")).toBe("plain:3128");
  expect(through("http://gateway.example", { https: "http://secure:3128" })).toBeNull();
});

test.each([
  "http://localhost:1",
  "https://localhost",
  "http://127.0.0.1:8080",
  "http://127.8.9.1",
  "http://[::1]:4000",
  "http://[::ffff:127.0.0.1]",
  "http://model.localhost",
])("%s is on this machine, and asked for directly", (url) => {
  expect(through(url)).toBeNull();
});

describe("NO_PROXY", () => {
  test.each([
    ["*", "https://api.anthropic.com", null],
    ["api.anthropic.com", "https://api.anthropic.com", null],
    ["anthropic.com", "https://api.anthropic.com", null],
    [".anthropic.com", "https://api.anthropic.com", null],
    ["*.anthropic.com", "https://api.anthropic.com", null],
    ["ANTHROPIC.com", "https://API.anthropic.com", null],
    ["a.example, anthropic.com", "https://api.anthropic.com", null],
    ["a.example anthropic.com", "https://api.anthropic.com", null],
    ["api.anthropic.com:443", "https://api.anthropic.com", null],
    ["api.anthropic.com:8443", "https://api.anthropic.com", "secure:3128"],
    ["thropic.com", "https://api.anthropic.com", "secure:3128"],
    ["", "https://api.anthropic.com", "secure:3128"],
    [",", "https://api.anthropic.com", "secure:3128"],
    ["10.0.0.7", "http://10.0.0.7:80", null],
    ["[fd00::7]:80", "http://[fd00::7]", null],
  ])("%j and %s", (except, url, proxy) => {
    expect(through(url, { ...BOTH, except })).toBe(proxy);
  });
});

test("a host and a port alone are a proxy as well, and a user of it is never shown", () => {
  expect(through("https://api.anthropic.com", { https: "proxy:3128" })).toBe("proxy:3128");
  expect(proxyText(new URL("http://me:s3cret@proxy:3128/"))).toBe("http://proxy:3128");
});

test.each(["socks5://proxy:1080", "http://", "::::", "ftp://proxy"])(
  "%s is no proxy that we speak to, which is said only where one is needed",
  (https) => {
    expect(() => through("https://api.anthropic.com", { https })).toThrow(
      expect.objectContaining({ code: "CONFIG", message: expect.stringMatching(/^HTTPS_PROXY: /) }),
    );
    expect(through("https://localhost", { https })).toBeNull();
  },
);
