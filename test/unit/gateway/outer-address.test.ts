// Addresses that leave the gateway, and the path below which it may be asked.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createMount, referenceTo } from "../../../src/gateway/outer-address.ts";

const HOST = "https://agents.example.com";

describe("a reference", () => {
  const PATHS = ["/", "/v1/runs", "/v1/runs/run_1", "/v1/runs/run_1/events", "/openapi.json"];

  test.each(PATHS.flatMap((to) => PATHS.map((from) => [from, to] as const)))(
    "from %s leads to %s, below any path",
    (from, to) => {
      for (const below of ["", "/pawl", "/team/a"]) {
        const reached = new URL(referenceTo(to, from), `${HOST}${below}${from}`);
        expect(reached.pathname).toBe(`${below}${to}`);
      }
    },
  );

  test("names no other host and no scheme, whatever stands in a path", () => {
    const part = fc.constantFrom("", "..x", "a:b", "mailto:x", "run_1", ".well", "v1");
    const path = fc
      .array(part, { minLength: 1, maxLength: 4 })
      .map((parts) => `/${parts.join("/")}`);
    fc.assert(
      fc.property(path, path, (to, from) => {
        // Two slashes at the start of what was asked make another host of it.
        fc.pre(!from.startsWith("//") && !to.includes("//"));
        const reached = new URL(referenceTo(to, from), `${HOST}/pawl${from}`);
        expect(reached.href).toBe(`${HOST}/pawl${to}`);
      }),
    );
  });
});

describe("a path before the gateway", () => {
  const mount = createMount(`${HOST}/team/pawl`);
  const inside = (target: string) => ({ kind: "inside", target });

  test("is taken off where a proxy has not done so", () => {
    expect(mount.within("/team/pawl/")).toEqual(inside("/"));
    expect(mount.within("/team/pawl/v1/runs?limit=1")).toEqual(inside("/v1/runs?limit=1"));
    expect(mount.within("/v1/runs?limit=1")).toEqual(inside("/v1/runs?limit=1"));
  });

  test("is none where another one only begins alike", () => {
    for (const target of ["/team/pawls/v1/runs", "/team", "/team/pawl%2fv1", "*", "//team/pawl/"]) {
      expect(mount.within(target)).toEqual(inside(target));
    }
  });

  test("without its slash leads to the page, by whatever host was asked", () => {
    for (const [target, place] of [
      ["/team/pawl", "/team/pawl/"],
      ["/team/pawl?a=//b", "/team/pawl/?a=//b"],
    ] as const) {
      const within = mount.within(target);
      if (within.kind !== "before") throw new Error("it was let in");
      expect(new URL(within.front, `${HOST}${target}`).href).toBe(`${HOST}${place}`);
    }
  });

  test("is not there at the root of a host, nor where no address is known", () => {
    for (const url of [HOST, `${HOST}/`, undefined]) {
      expect(createMount(url).within("/team/pawl")).toEqual(inside("/team/pawl"));
    }
  });

  test("can't be one of the gateway's own", () => {
    expect(() => createMount(`${HOST}/v1`)).toThrow(/PAWL_GATEWAY_URL ends with \/v1/);
    expect(() => createMount(`${HOST}/page/pawl`)).toThrow(/\/page is a path of the gateway's own/);
  });
});
