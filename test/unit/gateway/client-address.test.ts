// Whose request it is, by what the socket and the trusted proxies say.

import { describe, expect, test } from "@jest/globals";
import { createProxies, networkOf } from "../../../src/gateway/client-address.ts";

const PROXIES = createProxies(["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"]);

describe("the client of a request", () => {
  test.each<[string, string | undefined, string | undefined, string]>([
    ["that nobody forwarded is its socket", "192.0.2.1", undefined, "192.0.2.1"],
    ["is not what a stranger claims", "192.0.2.1", "198.51.100.7", "192.0.2.1"],
    ["is whom a trusted proxy names", "127.0.0.1", "198.51.100.7", "198.51.100.7"],
    ["is named by the last hop alone", "127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"],
    ["is behind all trusted proxies", "127.0.0.1", "198.51.100.7, 10.1.2.3", "198.51.100.7"],
    ["is the first where all are trusted", "127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"],
    ["is the proxy where it names nobody", "127.0.0.1", undefined, "127.0.0.1"],
    ["is the proxy where it names no address", "127.0.0.1", "unknown", "127.0.0.1"],
    ["is not looked for behind what is no address", "127.0.0.1", "1.1.1.1, evil", "127.0.0.1"],
    ["is named with a port", "127.0.0.1", "198.51.100.7:5555", "198.51.100.7"],
    ["is IPv6 in brackets", "127.0.0.1", "[2001:db8:9::1]:443", "2001:db8:9::1"],
    ["is IPv4 in IPv6", "::ffff:127.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"],
    ["is behind a proxy of a network of IPv6", "2001:db8:1::5", "198.51.100.7", "198.51.100.7"],
    ["of a socket without an address is unknown", undefined, "198.51.100.7", "unknown"],
  ])("%s", (...[, socket, forwardedFor, client]) => {
    expect(PROXIES.clientOf(socket, forwardedFor)).toBe(client);
  });

  test("is never taken from a header where no proxy is named", () => {
    expect(createProxies([]).clientOf("127.0.0.1", "198.51.100.7")).toBe("127.0.0.1");
  });
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8::2", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:ffff::", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["unknown", "unknown"],
])("%s is counted as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
