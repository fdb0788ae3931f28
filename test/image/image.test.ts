// What the image needs to write, found out as its user on a root that can only be read: the story of the README
// with a file and an approval, the gateway, and the commands that people run in a container.

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { waitingCalls } from "../support/approvals.ts";
import { freePort, type Process } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openWorld, type World } from "../support/world.ts";
import { buildByHand, makeVolume, startInImage, whyNotHere, type Image } from "./by-hand.ts";

jest.setTimeout(300_000);

const why = whyNotHere();
const here = why === null ? describe : describe.skip;

here(`the image as its user on a read-only root${why === null ? "" : ` (${why})`}`, () => {
  let world: World;
  let image: Image;
  let volume: string;
  const running: Process[] = [];

  beforeAll(async () => {
    image = buildByHand();
    volume = makeVolume(image);
    world = await openWorld({ env: PATIENT });
  });
  afterAll(async () => {
    for (const process of running) await process.kill();
    await world?.close();
    image?.remove();
  });

  function start(
    args: readonly string[],
    given: { readonly volume?: string } = { volume },
  ): Process {
    const started = startInImage(image, args, { env: world.env, ...given });
    running.push(started);
    return started;
  }

  async function pawl(...args: readonly string[]): Promise<readonly string[]> {
    const command = start(args, {});
    expect([args, await command.ended, command.lines]).toEqual([args, 0, command.lines]);
    return command.lines;
  }

  test("has no way to write but its volume and /tmp", () => {
    expect(image.uid).toBeGreaterThan(0);
    expect(existsSync(join(image.dir, "app", "node_modules", "typescript"))).toBe(false);
    expect(existsSync(join(image.dir, "app", "dist", "workflow-bundle.js"))).toBe(true);
  });

  test("runs the story with a file that a person approves, and leaves it in the volume", async () => {
    const worker = start(["worker"]);
    await worker.line("worker_ready");
    const started = await pawl("run", 'Write "hello" to the file notes.txt.', "--detach");
    const runId = started.find((line) => /^run_\S+$/.test(line)) ?? "";
    const [call] = await waitingCalls(world.client, runId);
    const { callId, argsDigest } = call;
    await pawl("approve", runId, callId, "--digest", argsDigest);
    const told = await pawl("attach", runId);
    expect(told.join("\n")).toContain("I wrote it to the file notes.txt.");
    const path = join(volume, "local", runId, "notes.txt");
    expect(readFileSync(path, "utf8")).toBe("hello");
    expect(statSync(path)).toMatchObject({ uid: image.uid, gid: image.gid });
    expect(worker.lines.filter((line) => /EROFS|EACCES|"files_/.test(line))).toEqual([]);
    expect(await worker.stop()).toBe(0);
  });

  test("serves HTTP, makes keys and looks after itself", async () => {
    await start(["worker"]).line("worker_ready");
    await pawl("tenants", "add", "acme");
    const made = await pawl("keys", "create", "--tenant", "acme", "--name", "ci");
    const key = made.find((line) => /^pawl_\S+$/.test(line));
    const port = await freePort();
    const gateway = start(["gateway", "--port", String(port)]);
    await gateway.line("gateway_ready");
    const headers = { authorization: `Bearer ${key}` };
    const runs = await fetch(`http://127.0.0.1:${port}/v1/runs`, { headers });
    expect(runs.status).toBe(200);
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect(page.status).toBe(200);
    const findings = (await pawl("doctor")).join("\n");
    expect(findings).toMatch(/✓ files: .*, for \d worker/);
    expect(findings).not.toMatch(/✗/);
    expect(await gateway.stop()).toBe(0);
  });

  test("without a volume says at its start that no file can be written", async () => {
    const worker = start(["worker"], {});
    await worker.line("worker_ready");
    const said = worker.lines.filter((line) => line.includes("files_unusable"));
    expect(said).toEqual([expect.stringContaining("the file system can only be read")]);
  });
});
