import { expect, test } from "@jest/globals";
import { readConfig } from "../../../src/config.ts";
import { checkModels } from "../../../src/dev/doctor-models.ts";

const config = readConfig({
  PAWL_AGENT_MODEL: "claude-sonnet-4-5",
  PAWL_FALLBACK_MODELS: "complex,claude-opus-4-5",
});
const findings = (day: string) => checkModels(config, new Date(day));

test("the doctor warns of models that end soon, and fails those that have ended", () => {
  expect(findings("2026-09-01")).toMatchObject([{ status: "ok" }]);
  expect(findings("2026-11-26")).toMatchObject([
    { status: "warn", detail: expect.stringContaining("claude-sonnet-4-5 ends on 2026-11-30") },
    { status: "warn", detail: expect.stringContaining("claude-opus-4-5 ends on 2027-01-22") },
  ]);
  expect(findings("2026-12-01")).toMatchObject([
    { status: "fail", fix: expect.stringContaining("PAWL_AGENT_MODEL") },
    { status: "warn" },
  ]);
});

test("the doctor says nothing of models where nobody names one", () => {
  expect(checkModels(readConfig({}), new Date("2031-01-01"))).toEqual([]);
});
