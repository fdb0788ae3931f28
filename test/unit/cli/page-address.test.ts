import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLocalToken } from "../../../src/cli/page-address.ts";
import { readConfig } from "../../../src/config.ts";
import { ensureLocalToken } from "../../../src/dev/local-token.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-address-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const PAGE = "http://127.0.0.1:7420";

test("the token stands in the fragment, before the run that it opens", async () => {
  const token = ensureLocalToken(dir);
  const config = readConfig({ PAWL_STATE_DIR: dir });
  expect(await withLocalToken(`${PAGE}/#/runs/run_1`, config)).toBe(
    `${PAGE}/#t=${token}/runs/run_1`,
  );
  for (const front of [PAGE, `${PAGE}/`, `${PAGE}/#/`]) {
    expect(await withLocalToken(front, config)).toBe(`${PAGE}/#t=${token}/`);
  }
});

test("a page that is not of the local stack, and a stack without a token, are shown without one", async () => {
  const link = `${PAGE}/#/runs/run_1`;
  expect(await withLocalToken(link, readConfig({ PAWL_STATE_DIR: dir }))).toBe(link);
  ensureLocalToken(dir);
  for (const env of [
    { TEMPORAL_ADDRESS: "t:7233" },
    { PAWL_GATEWAY_URL: "https://pawl.example" },
  ]) {
    expect(await withLocalToken(link, readConfig({ PAWL_STATE_DIR: dir, ...env }))).toBe(link);
  }
});
