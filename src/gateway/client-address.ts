// Where a request comes from: the other end of its socket, or, where that is a proxy the operator named, whom the
// proxy says it speaks for. Limits by address count by this, so nobody may choose what it is: a header of anybody
// else's is not read.

import { BlockList, isIP, isIPv4 } from "node:net";

export interface Proxies {
  /** True where its X-Forwarded-For counts, and its sockets are many people's. */
  isTrusted(address: string | undefined): boolean;
  /** The last hop that no trusted proxy stands for. */
  clientOf(socketAddress: string | undefined, forwardedFor: string | undefined): string;
}

/** What is no address of a network: a Unix socket, or a test without any. */
const UNKNOWN = "unknown";

/** `named`: addresses and CIDRs. */
export function createProxies(named: readonly string[]): Proxies {
  const trusted = new BlockList();
  for (const one of named) {
    const [address = "", bits] = one.split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }

  function isTrusted(address: string | undefined): boolean {
    const plain = plainAddress(address ?? "");
    return plain !== null && trusted.check(plain, isIPv4(plain) ? "ipv4" : "ipv6");
  }

  return {
    isTrusted,
    clientOf(socketAddress, forwardedFor) {
      let client = plainAddress(socketAddress ?? "");
      const hops = (forwardedFor ?? "").split(",");
      while (client !== null && hops.length > 0 && isTrusted(client)) {
        const before = plainAddress(hops.pop()?.trim() ?? "");
        // A hop that is no address says nothing: the proxy that passed it on is all that is known.
        if (before === null) break;
        client = before;
      }
      return client ?? UNKNOWN;
    },
  };
}

/** Whom limits take for one: one household has a whole /64 of IPv6 addresses. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => "0"), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** Without a port, brackets or a zone; IPv4 in IPv6 as IPv4. Null for what is no address. */
function plainAddress(text: string): string | null {
  const [, inBrackets, v4] = /^\[([^\]]+)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text) ?? [];
  const bare = (inBrackets ?? v4 ?? text).replace(/%.*$/, "").toLowerCase();
  const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1] ?? bare;
  return isIP(address) === 0 ? null : address;
}
