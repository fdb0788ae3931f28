// What is on this machine, by its name: it is never reached through a proxy.

/** `host` as in a URL: a name, or an address, an IPv6 one with or without its brackets. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "::1" ||
    // 127.0.0.0/8, as such and as an address of IPv6, as sockets and as URLs write it.
    /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name) ||
    /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(name)
  );
}

/** `address` as Temporal's clients take it: `host:port`. */
export function isLoopbackAddress(address: string): boolean {
  return isLoopbackHost(address.replace(/:\d+$/, ""));
}
