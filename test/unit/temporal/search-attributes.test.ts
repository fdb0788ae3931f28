import { describe, expect, test } from "@jest/globals";
import type { OperatorService } from "@temporalio/client";
import {
  ensureSearchAttributes,
  SEARCH_ATTRIBUTES,
} from "../../../src/temporal/search-attributes.ts";

/** Answers in turn, the last one for ever: names that are listed, or an error of gRPC. */
interface Script {
  readonly list: readonly (readonly string[] | Error)[];
  readonly add?: readonly (Error | null)[];
}

const ALL = SEARCH_ATTRIBUTES.map(({ name }) => name);

function server({ list, add = [null] }: Script) {
  const asked = { list: 0, add: 0, added: [] as string[][] };
  const operator = {
    listSearchAttributes: async () => {
      const said = list[Math.min(asked.list, list.length - 1)] ?? [];
      asked.list += 1;
      if (said instanceof Error) throw said;
      return { customAttributes: Object.fromEntries(said.map((name) => [name, 2])) };
    },
    addSearchAttributes: async (request: { searchAttributes: Record<string, number> }) => {
      const said = add[Math.min(asked.add, add.length - 1)] ?? null;
      asked.add += 1;
      asked.added.push(Object.keys(request.searchAttributes));
      if (said !== null) throw said;
      return {};
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- two of its methods, which are all that is asked
  return { asked, operator: operator as unknown as OperatorService };
}

const grpc = (code: number, message: string): Error =>
  Object.assign(new Error(`${code} ${message}`), { code, details: message });

describe("the columns of runs", () => {
  test("are added where they are missing, and it is done when the server lists them", async () => {
    const { operator, asked } = server({ list: [["PawlAgent"], ["PawlAgent"], ALL] });
    expect(await ensureSearchAttributes(operator, "prod")).toBe(true);
    expect(asked.list).toBe(3);
    expect(asked.added[0]).toEqual(ALL.filter((name) => name !== "PawlAgent"));
  });

  test.each<[string, Script]>([
    [
      "a namespace that the server does not know yet",
      { list: [grpc(5, "Namespace prod is not found."), [], ALL] },
    ],
    [
      "another worker that adds them at the same time",
      { list: [[], ALL], add: [grpc(14, "race condition adding search attributes")] },
    ],
    ["a server that is busy", { list: [grpc(14, "unavailable"), ALL] }],
  ])("are there in the end in spite of %s", async (_, script) => {
    expect(await ensureSearchAttributes(server(script).operator, "prod")).toBe(true);
  });

  test("are an admin's to add where we may not: it is told at once, with the command", async () => {
    const { operator, asked } = server({
      list: [["PawlAgent"]],
      add: [grpc(7, "Request unauthorized.")],
    });
    await expect(ensureSearchAttributes(operator, "prod")).rejects.toMatchObject({
      code: "CONFIG",
      message: expect.stringMatching(
        /An admin must run: temporal .*--namespace prod .*--name PawlTurns --type Int/,
      ),
    });
    expect(asked.add).toBe(1);
  });

  test("are nobody's business where we may not even look, as with an admin's API alone", async () => {
    const { operator, asked } = server({ list: [grpc(7, "Request unauthorized.")] });
    expect(await ensureSearchAttributes(operator, "prod")).toBe(false);
    expect(asked.add).toBe(0);
  });

  test("a namespace that stays away is told in the server's words", async () => {
    const { operator } = server({ list: [grpc(5, "Namespace nosuch is not found.")] });
    const ensuring = ensureSearchAttributes(operator, "nosuch", 300);
    await expect(ensuring).rejects.toThrow("nosuch is not found");
  });
});
