// Which addresses and names are nobody's on the public Internet: this machine, the networks around it, and what is
// reserved, translated or tunnelled into them. For IPv6 the rule is turned round: only what is assigned to the public
// counts, so that a new way of writing an IPv4 address into one (mapped, NAT64, ISATAP) is refused unknown.
// https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry

import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

const INNER_V4 = blockList("ipv4", [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"],
  ...["198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
  // What Azure tells its machines, at an address that looks public.
  "168.63.129.16/32",
]);
const PUBLIC_V6 = blockList("ipv6", ["2000::/3"]);
/** Protocols (Teredo among them), documentation, 6to4. */
const INNER_V6 = blockList("ipv6", ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]);

/** `address` without brackets. What is no address at all is no public one. */
export function isInnerAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return INNER_V4.check(address, "ipv4") || isOwn(address);
    case 6:
      if (address.includes("%")) return true;
      return !PUBLIC_V6.check(address, "ipv6") || INNER_V6.check(address, "ipv6") || isOwn(address);
    default:
      return true;
  }
}

/** A public address of this machine leads to what listens here behind the firewall. */
function isOwn(address: string): boolean {
  const family = isIP(address) === 4 ? "ipv4" : "ipv6";
  const own = new BlockList();
  for (const { address: mine } of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
    if (isIP(mine) === isIP(address)) own.addAddress(mine, family);
  }
  return own.check(address, family);
}

/** Ends of names that no public registry gives out, and that clusters and home networks use. */
const INNER_ENDS: ReadonlySet<string> = new Set([
  ...["localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home"],
  ...["lan", "svc", "arpa", "test"],
]);

/**
 * A name that can only mean a machine nearby. Whoever else asks for it (a proxy, a resolver with a search list) would
 * find it where we can't look. `host` in lower case, in ASCII, without a dot at its end.
 */
export function isInnerName(host: string): boolean {
  const end = host.slice(host.lastIndexOf(".") + 1);
  return !host.includes(".") || INNER_ENDS.has(end);
}

function blockList(family: "ipv4" | "ipv6", networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}
