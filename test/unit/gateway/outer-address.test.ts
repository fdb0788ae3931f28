// Addresses that leave the gateway, and the path below which it may be asked.

import { describe, expect, test } from "@jest/globals";
import { createMount, outerPath } from "../../../src/gateway/outer-address.ts";

const HOST = "https://agents.example.com";

describe("an address of ours", () => {
  test.each([
    [undefined, "/v1/runs/run_1"],
    [HOST, "/v1/runs/run_1"],
    [`${HOST}/`, "/v1/runs/run_1"],
    [`${HOST}/pawl`, "/pawl/v1/runs/run_1"],
    [`${HOST}/team/pawl/`, "/team/pawl/v1/runs/run_1"],
  ])("of a gateway at %s is %s", (outerUrl, address) => {
    expect(outerPath("/v1/runs/run_1", outerUrl)).toBe(address);
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
