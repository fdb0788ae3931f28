import { describe, expect, test } from "@jest/globals";
import { fileOrder } from "../../../offline-model/planner/file-writing.ts";

describe("an order to write a file", () => {
  test.each([
    ['Write "hello world" to the file notes.txt.', "notes.txt", "hello world", ""],
    ["Please save 'a b' in a file called out/a.md", "out/a.md", "a b", "Please"],
    [
      "What is 6 times 7? Write the result to the file sums.txt.",
      "sums.txt",
      undefined,
      "What is 6 times 7?",
    ],
    [
      "What is the population of Earth, and write it to the file earth.txt",
      "earth.txt",
      undefined,
      "What is the population of Earth",
    ],
    [
      "Write the population of Earth to the file earth.txt",
      "earth.txt",
      undefined,
      "the population of Earth",
    ],
  ])("is read from: %s", (task, path, text, rest) => {
    expect(fileOrder(task)).toEqual({ path, text, rest });
  });

  test.each(["What is a file?", "Write a poem.", "Write to me.", "What is the file size of a CD?"])(
    "is not read into: %s",
    (task) => {
      expect(fileOrder(task)).toBeUndefined();
    },
  );
});
