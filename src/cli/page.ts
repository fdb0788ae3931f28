// `pawl page`: the address that opens the page of the local stack, on stdout.

import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { pageAddress } from "../client/run-links.ts";
import { PawlError } from "../domain/errors.ts";
import { stackFor, type CliContext } from "./context.ts";
import { withLocalToken } from "./page-address.ts";

/** Nobody else waits for the gateway, so it may be on its way. */
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

export function addPage(program: Command, context: CliContext): void {
  program
    .command("page")
    .argument("[run]", "the run to open it at")
    .description("print the address that opens the page in your browser; it lets in whoever has it")
    .action(async (run: string | undefined) => {
      const { readConfig } = await import("../config.ts");
      const config = readConfig(context.env);
      const say = (line: string): void => void context.stderr.write(`${line}\n`);
      const stack = await stackFor(context, config, { say });
      const url = config.gateway.url ?? stack?.gatewayUrl;
      if (!url) {
        throw new PawlError("CONFIG", "Where the page is, is not known: set PAWL_GATEWAY_URL.");
      }
      if (config.gateway.url === undefined) await untilServed(url);
      context.stdout.write(`${await withLocalToken(pageAddress(url, run), config)}\n`);
    });
}

async function untilServed(url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await isServed(url))) {
    if (Date.now() > deadline) {
      const why = `${url} does not answer; why is in gateway.log of the state folder.`;
      throw new PawlError("BACKEND_UNREACHABLE", why);
    }
    await pause(POLL_MS);
  }
}

async function isServed(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(POLL_MS * 10) })).ok;
  } catch {
    return false;
  }
}
