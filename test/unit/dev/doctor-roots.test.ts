import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readConfig } from "../../../src/config.ts";
import { checkRoots } from "../../../src/dev/doctor-roots.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-doctor-"));
  mkdirSync(join(dir, "data"));
  mkdirSync(join(dir, "state"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const checked = (roots: string) =>
  checkRoots(readConfig({ PAWL_FILES_ROOTS: roots, PAWL_STATE_DIR: join(dir, "state") }));

test("doctor says of the roots of files what a worker would say when it starts", async () => {
  expect(await checked("")).toEqual([]);
  expect(await checked(`${dir}/data:ro`)).toEqual([
    { name: "file roots", status: "ok", detail: `${dir}/data (read only)` },
  ]);
  expect(await checked(`${dir}/none:rw`)).toMatchObject([
    {
      status: "fail",
      detail: expect.stringMatching(/none can't be written to: it is not there\.$/),
    },
  ]);
  expect(await checked(`${dir}/state:rw`)).toMatchObject([
    { status: "fail", detail: expect.stringMatching(/Pawl keeps for itself\.$/) },
  ]);
});
