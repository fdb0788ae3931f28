// How far a run may go: every permission × every tool × every caller, against a table that was written by hand.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  lowestOf,
  PERMISSIONS,
  permits,
  whyWithheld,
  type Permission,
} from "../../../src/domain/permission.ts";

const SAID = [undefined, ...PERMISSIONS] as const;

/** What may be called under each, as the documentation has it. */
const OPENS: Readonly<Record<Permission | "nothing said", readonly Permission[]>> = {
  "nothing said": ["read", "write", "execute", "admin"],
  read: ["read"],
  write: ["read", "write"],
  execute: ["read", "write", "execute"],
  admin: ["read", "write", "execute", "admin"],
};

const rows = SAID.flatMap((order) =>
  SAID.flatMap((key) =>
    SAID.flatMap((agent) => PERMISSIONS.map((tool) => ({ order, key, agent, tool }))),
  ),
);

describe("J4: the lowest of what caller, key and agent may", () => {
  test("opens a tool that each of them opens, and no other: all 500 rows", () => {
    expect(rows).toHaveLength(500);
    for (const { order, key, agent, tool } of rows) {
      const opened = [order, key, agent].every((one) =>
        OPENS[one ?? "nothing said"].includes(tool),
      );
      const isOpen = permits(lowestOf([order, key, agent]), tool);
      expect({ order, key, agent, tool, isOpen }).toEqual({
        order,
        key,
        agent,
        tool,
        isOpen: opened,
      });
    }
  });

  test("is raised by nobody's further word, in whatever order they speak", () => {
    const anySaid = fc.array(fc.constantFrom(null, undefined, ...PERMISSIONS), { maxLength: 6 });
    fc.assert(
      fc.property(anySaid, fc.constantFrom(...PERMISSIONS), (said, more) => {
        const before = lowestOf(said);
        expect(lowestOf(said.toReversed())).toBe(before);
        for (const tool of PERMISSIONS) {
          if (permits(lowestOf([...said, more]), tool)) expect(permits(before, tool)).toBe(true);
        }
      }),
    );
  });

  test.each(["root", "", "READ", "constructor"])(
    "permits nothing where somebody says %j",
    (word) => {
      const misspelt = word as Permission;
      expect(lowestOf(["admin", misspelt, "read"])).toBe(misspelt);
      expect(PERMISSIONS.filter((tool) => permits(misspelt, tool))).toEqual([]);
      expect(permits("admin", misspelt)).toBe(false);
    },
  );
});

test("a tool that is withheld is told with what it needs and what there is; another name is not", () => {
  const run = { lowest: "read", withheld: { shell: "execute" } } as const;
  expect(whyWithheld(run, "shell")).toBe(
    "shell needs the permission execute, and this run has read",
  );
  expect(whyWithheld(run, "constructor")).toBeNull();
  expect(whyWithheld(undefined, "shell")).toBeNull();
});
