// All the ways in which a URL, a name or a redirect leads to a machine that is not public. A listener takes whatever
// comes to any address of this machine, at a port that the policy allows, so nothing but the guard keeps it away.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { domainsIn } from "../../../src/outbound/domains.ts";
import { guardedFetch } from "../../../src/outbound/guarded-fetch.ts";
import { OutboundError } from "../../../src/outbound/outbound-error.ts";
import type { OutboundPolicy } from "../../../src/outbound/outbound-policy.ts";
import { publicNames } from "../../../src/outbound/resolve-name.ts";
import { startCountingServer, type CountingServer } from "../../support/counting-servers.ts";
import { startNameServer, type NameServer } from "../../support/name-server.ts";

/** At every address of this machine, of both families where it has both. */
let inside: CountingServer;
beforeAll(async () => {
  inside = await startCountingServer(undefined, { host: "::" }).catch(() =>
    startCountingServer(undefined, { host: "0.0.0.0" }),
  );
});
afterAll(() => inside.stop());

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0)) await cleanUp();
});

/** 3ffe::/16 is given back, and nobody's: what is sent there gets nowhere. */
const NOWHERE = "3ffe::1";

function policyFor(more: Partial<OutboundPolicy> = {}): OutboundPolicy {
  return { bodyBytesMax: 1000, timeoutMs: 20_000, ports: [inside.port], resolve: unknown, ...more };
}

const unknown = async (host: string): Promise<never> => {
  throw new Error(`nobody knows ${host}`);
};

async function reasonFor(url: string, policy: OutboundPolicy): Promise<string> {
  try {
    const answer = await guardedFetch(policy)(url.replaceAll("PORT", String(inside.port)));
    return `answered: ${await answer.text()}`;
  } catch (error) {
    return error instanceof OutboundError ? error.reason : String(error);
  }
}

const LOOPBACK_WRITTEN_OTHERWISE = [
  ...["127.0.0.1", "127.1", "127.0.1", "127.8.8.8", "127.255.255.254", "2130706433"],
  ...["017700000001", "0x7f000001", "0X7F.1", "0x7f.0x0.0x0.0x1", "0177.0.0.1", "0177.1"],
  ...["127.0x1", "0177.0.0x1", "0", "0x0", "00.0", "0.0.0.0", "127.0.0.1."],
  ...[
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "①②⑦.⓪.⓪.①",
    "%31%32%37.0.0.1",
  ],
  ...["0x7f.1.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::0001]"],
  ...["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:127.1.1.1]"],
];
const OTHER_INNER_ADDRESSES = [
  ...["[::127.0.0.1]", "[::7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]"],
  ...["[64:ff9b::10.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a00:1::1]"],
  ...[
    "[2001::7f00:1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[fe80::1]",
    "[fe80::5efe:7f00:1]",
  ],
  ...["[fec0::1]", "[fc00::1]", "[fd00::1]", "[fd00:ec2::254]", "[fd20:ce::254]", "[ff02::1]"],
  ...[
    "[ff0e::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[2001:20::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[4000::1]",
  ],
  ...["10.0.0.1", "10.255.255.255", "012.0.0.1", "167772161", "172.16.0.1", "172.31.255.255"],
  ...["192.168.1.1", "0xc0a80101", "169.254.169.254", "0xa9fea9fe", "2852039166", "169.254.1.1"],
  ...["100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1"],
  ...["198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1"],
  ...["255.255.255.255", "168.63.129.16"],
];
const INNER_NAMES = [
  ...["localhost", "LOCALHOST", "localhost.", "ｌｏｃａｌｈｏｓｔ", "loc%61lhost", "a.localhost"],
  ...["localhost.localdomain", "printer.local", "metadata.google.internal", "postgres"],
  ...["kubernetes.default.svc", "api.svc.cluster.local", "router.lan", "nas.home.arpa"],
];

describe("an address that is not public is not asked for", () => {
  test.each([...LOOPBACK_WRITTEN_OTHERWISE, ...OTHER_INNER_ADDRESSES, ...INNER_NAMES])(
    "%s",
    async (host) => {
      const before = inside.connections;
      expect(await reasonFor(`http://${host}:PORT/`, policyFor())).toBe("inner");
      expect(await reasonFor(`https://${host}:PORT/`, policyFor())).toBe("inner");
      expect(inside.connections).toBe(before);
    },
  );

  test("and the listener would have taken what is written so", async () => {
    const before = inside.requests.length;
    const asked = LOOPBACK_WRITTEN_OTHERWISE.filter((host) => !host.includes("["));
    for (const host of asked) await (await fetch(`http://${host}:${inside.port}/`)).text();
    expect(inside.requests.length - before).toBe(asked.length);
  });
});

describe("a URL that is odd is not asked for", () => {
  test.each([
    ["http://user@127.0.0.1:PORT/", "url"],
    ["http://public.example.com@127.0.0.1:PORT/", "url"],
    ["http://public.example.com:80@127.0.0.1:PORT/", "url"],
    ["http://127.0.0.1:PORT@public.example.com/", "url"],
    ["http://:secret@127.0.0.1:PORT/", "url"],
    ["http://@127.0.0.1:PORT/", "inner"],
    ["http://127.0.0.1:PORT#@public.example.com/", "inner"],
    ["http://127.0.0.1:PORT?@public.example.com/", "inner"],
    ["http://127.0.0.1:PORT\\@public.example.com/", "inner"],
    ["http://public.example.com:PORT\\@127.0.0.1:PORT/", "unreachable"],
    ["http:\\\\127.0.0.1:PORT\\", "inner"],
    ["http:///127.0.0.1:PORT/", "inner"],
    ["http:127.0.0.1:PORT", "inner"],
    [" \thttp://127.0.0.1:PORT/", "inner"],
    ["ht\ntp://127.0.0.\t1:PORT/", "inner"],
    ["//127.0.0.1:PORT/", "url"],
    ["127.0.0.1", "url"],
    ["", "url"],
    ["http://a..b.example.com:PORT/", "url"],
    ["http://public.example.com..:PORT/", "url"],
    ["http://127.0.0.1%00.example.com:PORT/", "url"],
    ["http://[fe80::1%25lo]:PORT/", "url"],
    ["http://256.0.0.1:PORT/", "url"],
    ["http://1.2.3.4.5:PORT/", "url"],
    ["file:///etc/passwd", "url"],
    ["file://127.0.0.1/etc/passwd", "url"],
    ["ftp://127.0.0.1:PORT/", "url"],
    ["gopher://127.0.0.1:PORT/_GET", "url"],
    ["dict://127.0.0.1:PORT/", "url"],
    ["ldap://127.0.0.1:PORT/", "url"],
    ["ws://127.0.0.1:PORT/", "url"],
    ["wss://127.0.0.1:PORT/", "url"],
    ["data:text/html,hello", "url"],
    ["blob:http://127.0.0.1:PORT/1", "url"],
    ["javascript:alert(1)", "url"],
    ["about:blank", "url"],
    ["unix:/run/docker.sock", "url"],
    ["view-source:http://127.0.0.1:PORT/", "url"],
  ])("%s", async (url, reason) => {
    const before = inside.connections;
    expect(await reasonFor(url, policyFor())).toBe(reason);
    expect(inside.connections).toBe(before);
  });

  test.each([22, 25, 53, 8080, 5432, 6379, 7233, 65535, 0])("at port %d", async (port) => {
    const { ports: _, ...standard } = policyFor({ resolve: async () => [NOWHERE] });
    expect(await reasonFor(`http://public.example.com:${port}/`, standard)).toBe("url");
    expect(await reasonFor(`https://public.example.com:${port}/`, standard)).toBe("url");
  });
});

describe("a name is not asked where it stands for", () => {
  const resolved = (...addresses: string[]) => policyFor({ resolve: async () => addresses });

  test.each([
    ["this machine", ["127.0.0.1"]],
    ["this machine, in IPv6", ["::1"]],
    ["this machine, mapped", ["::ffff:127.0.0.1"]],
    ["this machine, by NAT64", ["64:ff9b::7f00:1"]],
    ["this machine, by 6to4", ["2002:7f00:1::"]],
    ["another place on it", ["127.77.7.7"]],
    ["any place", ["0.0.0.0"]],
    ["a machine of the network", ["10.1.2.3"]],
    ["what tells machines their keys", ["169.254.169.254"]],
    ["a public address and this machine", [NOWHERE, "127.0.0.1"]],
    ["this machine and a public address", ["127.0.0.1", NOWHERE]],
    ["an address with a zone", ["fe80::1%lo"]],
    ["what is no address", ["localhost"]],
  ])("%s", async (_, addresses) => {
    const before = inside.connections;
    expect(await reasonFor("http://public.example.com:PORT/", resolved(...addresses))).toBe(
      "inner",
    );
    expect(await reasonFor("https://public.example.com.:PORT/", resolved(...addresses))).toBe(
      "inner",
    );
    expect(inside.connections).toBe(before);
  });

  test("nothing at all", async () => {
    expect(await reasonFor("http://public.example.com:PORT/", resolved())).toBe("unreachable");
  });
});

describe("a hostile zone", () => {
  async function zone(records: Parameters<typeof startNameServer>[0]): Promise<NameServer> {
    const server = await startNameServer(records);
    cleanups.push(() => server.stop());
    return server;
  }

  test.each([
    [
      "a CNAME to this machine",
      [
        { type: "CNAME", value: "localhost" },
        { type: "A", of: "localhost", value: "127.0.0.1" },
      ],
    ],
    [
      "a chain of them",
      [
        { type: "CNAME", value: "b.example.net" },
        { type: "CNAME", of: "b.example.net", value: "c.example.net" },
        { type: "A", of: "c.example.net", value: "10.0.0.5" },
      ],
    ],
    [
      "an address of this machine in one family alone",
      [
        { type: "A", value: "93.184.216.34" },
        { type: "AAAA", value: "::1" },
      ],
    ],
  ] as const)("with %s leads nowhere", async (_, records) => {
    const names = await zone({ "evil.example.net": [records] });
    const before = inside.connections;
    const policy = policyFor({ resolve: publicNames([names.address]) });
    expect(await reasonFor("http://evil.example.net:PORT/", policy)).toBe("inner");
    expect(inside.connections).toBe(before);
  });

  test("G10: that turns round after the first answer is asked once, and leads to what was checked", async () => {
    const names = await zone({
      "rebind.example.net": [
        [{ type: "AAAA", value: NOWHERE }],
        [
          { type: "AAAA", value: "::1" },
          { type: "A", value: "127.0.0.1" },
        ],
      ],
    });
    const before = inside.connections;
    const policy = policyFor({ resolve: publicNames([names.address]), timeoutMs: 5000 });
    expect(["unreachable", "time"]).toContain(
      await reasonFor("http://rebind.example.net:PORT/", policy),
    );
    expect(names.asked.toSorted()).toEqual(["rebind.example.net A", "rebind.example.net AAAA"]);
    expect(await reasonFor("http://rebind.example.net:PORT/", policy)).toBe("inner");
    expect(inside.connections).toBe(before);
  });

  test("that has no answer is told as that", async () => {
    const names = await zone({});
    const policy = policyFor({ resolve: publicNames([names.address]) });
    expect(await reasonFor("http://gone.example.net:PORT/", policy)).toBe("unreachable");
  });
});

describe("G10: a server that may be asked redirects", () => {
  const places = [
    ...[
      "http://127.0.0.1:PORT/x",
      "//127.0.0.1:PORT/x",
      "http://localhost:PORT/",
      "http://[::1]:PORT/",
    ],
    ...["http://0x7f.1:PORT/", "http://１２７.０.０.１:PORT/", "http://inner.example.com:PORT/"],
    ...[
      "http://169.254.169.254/latest/meta-data/",
      "http://a:b@127.0.0.1:PORT/",
      "file:///etc/passwd",
    ],
    ...["http://127.0.0.1:22/", "ftp://127.0.0.1:PORT/", "http://[::ffff:7f00:1]:PORT/", "http://"],
  ];
  test.each(
    places.flatMap((place) => [301, 302, 303, 307, 308].map((status) => [status, place] as const)),
  )("by %d to %s, which is not followed", async (status, place) => {
    const outside = await startCountingServer((_, response) => {
      const location = place.replaceAll("PORT", String(inside.port));
      response.writeHead(status, { location: Buffer.from(location).toString("latin1") }).end();
    });
    cleanups.push(() => outside.stop());
    const before = inside.connections;
    const policy = policyFor({
      namedOrigins: [outside.url],
      resolve: async () => ["127.0.0.1"],
    });
    expect(["inner", "url", "redirect"]).toContain(await reasonFor(outside.url, policy));
    expect([outside.requests.length, inside.connections - before]).toEqual([1, 0]);
  });
});

describe("of the lists of domains", () => {
  const listed = (allowed: string | null, blocked: string | null): OutboundPolicy =>
    policyFor({
      resolve: async () => [NOWHERE],
      timeoutMs: 300,
      ...(allowed === null ? {} : { allowed: domainsIn(allowed.split(",")) ?? fail(allowed) }),
      ...(blocked === null ? {} : { blocked: domainsIn(blocked.split(",")) ?? fail(blocked) }),
    });
  const fail = (entries: string): never => {
    throw new Error(`no domains: ${entries}`);
  };

  test.each([
    ["example.com", null, "https://example.org:PORT/"],
    ["example.com", null, "https://notexample.com:PORT/"],
    ["example.com", null, "https://example.com.evil.net:PORT/"],
    ["example.com", "bad.example.com", "https://bad.example.com:PORT/"],
    ["example.com", "bad.example.com", "https://very.bad.example.com:PORT/"],
    [null, "example.com", "https://EXAMPLE.com.:PORT/"],
    [null, "*.example.com", "https://example.com:PORT/"],
    [null, ".example.com", "https://a.example.com:PORT/"],
    [null, "münchen.example.com", "https://xn--mnchen-3ya.example.com:PORT/"],
    [null, "xn--mnchen-3ya.example.com", "https://MÜNCHEN.example.com:PORT/"],
    [null, "münchen.example.com", "https://mu\u0308nchen.example.com:PORT/"],
    [null, "example.com", "https://ｅｘａｍｐｌｅ。com:PORT/"],
    [null, "8.8.8.8", "https://134744072:PORT/"],
    ["https://erp.example.com", null, "https://erp.example.com:8443/"],
    ["https://erp.example.com", null, "http://erp.example.com:443/"],
    ["https://erp.example.com", null, "https://a.erp.example.com/"],
  ])("allowed %s, blocked %s: %s is refused", async (allowed, blocked, url) => {
    expect(await reasonFor(url, listed(allowed, blocked))).toBe("domain");
  });

  test.each([
    ["example.com", null, "https://a.b.example.com:PORT/"],
    ["münchen.example.com", null, "https://xn--mnchen-3ya.example.com:PORT/"],
    ["example.com", "bad.example.com", "https://good.example.com:PORT/"],
    [null, "example.com", "https://notexample.com:PORT/"],
    ["https://erp.example.com:8443", null, "https://erp.example.com:8443/"],
  ])("allowed %s, blocked %s: %s is asked for", async (allowed, blocked, url) => {
    expect(["unreachable", "time"]).toContain(await reasonFor(url, listed(allowed, blocked)));
  });

  test("a domain is never an inner one, and an origin may be", async () => {
    const inner = { resolve: async () => ["127.0.0.1"], bodyBytesMax: 100, timeoutMs: 30_000 };
    const before = inside.requests.length;
    const allowed = domainsIn(["example.com", "localhost", "127.0.0.1"]) ?? fail("domains");
    for (const host of ["erp.example.com", "localhost", "127.0.0.1"])
      expect(
        await reasonFor(`http://${host}:PORT/`, { ...inner, allowed, ports: [inside.port] }),
      ).toBe("inner");
    expect(inside.requests.length).toBe(before);
    const named = domainsIn([`http://erp.example.com:${inside.port}`]) ?? fail("an origin");
    expect(await reasonFor("http://erp.example.com:PORT/", { ...inner, allowed: named })).toBe(
      "answered: inside",
    );
  });

  test.each([
    "example.com/path",
    "a b",
    "http://user@x.example",
    "https://x.example/path",
    "x.example:8080",
    "a..b",
    ".",
  ])("%s is no entry of them", (entry) => expect(domainsIn([entry])).toBeNull());
});
