import { describe, expect, test } from "@jest/globals";
import { shareAnswers } from "../../../src/gateway/shared-answers.ts";

describe("answers that are shared", () => {
  test("are asked for once by all who come while it is under way, or soon after", async () => {
    let nowMs = 0;
    let asked = 0;
    let answerIt: (answer: number) => void = () => {};
    const answers = shareAnswers<number>(3000, () => nowMs);
    const ask = (): Promise<number> => {
      asked += 1;
      return new Promise((resolve) => (answerIt = resolve));
    };
    const first = Array.from({ length: 20 }, () => answers.of(["acme"], ask));
    nowMs = 10_000;
    const patient = answers.of(["acme"], ask);
    answerIt(1);
    expect(await Promise.all([...first, patient])).toEqual(Array.from({ length: 21 }, () => 1));
    nowMs += 2999;
    expect(await answers.of(["acme"], ask)).toBe(1);
    expect(asked).toBe(1);
    nowMs += 1;
    const fresh = answers.of(["acme"], ask);
    answerIt(2);
    expect(await fresh).toBe(2);
    expect(asked).toBe(2);
  });

  test("are nobody else's", async () => {
    const answers = shareAnswers<string>(3000);
    expect(await answers.of(["acme"], async () => "of acme")).toBe("of acme");
    expect(await answers.of(["umbrella"], async () => "of umbrella")).toBe("of umbrella");
    expect(await answers.of(["acme"], async () => "asked again")).toBe("of acme");
  });

  test("are not kept where they failed", async () => {
    const answers = shareAnswers<string>(3000);
    const away = async (): Promise<string> => await Promise.reject(new Error("away"));
    const both = [answers.of([], away), answers.of([], async () => "not asked")];
    for (const one of both) await expect(one).rejects.toThrow("away");
    expect(await answers.of([], async () => "back")).toBe("back");
  });
});
