// A gateway as a process of its own, on a world of the test, and keys to it.

import { packageFile } from "../../src/package-root.ts";
import type { KeyScope } from "../../src/domain/key-scope.ts";
import { createApiKeys } from "../../src/store/api-keys.ts";
import { startProcess, type Process } from "./processes.ts";
import type { World } from "./world.ts";

export interface GatewayProcess {
  readonly url: string;
  readonly port: number;
  readonly process: Process;
}

export interface GatewayProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly port?: number;
  readonly host?: string;
  /** Who is heard without an API key; everybody unless it is said: most tests are about something else. */
  readonly door?: "open" | "keys" | { readonly tokenFile: string };
}

const MAIN = packageFile("dist/src/gateway/main.js");

/** Resolves when it listens. The test ends it. */
export async function startGateway(
  world: Pick<World, "env">,
  { env = {}, port = 0, host = "127.0.0.1", door = "open" }: GatewayProcessOptions = {},
): Promise<GatewayProcess> {
  const args = [MAIN, "--port", String(port), "--host", host, ...flagsOf(door)];
  // Tests ask more in a second than people do in a minute.
  const patient = {
    PAWL_GATEWAY_REQUESTS_PER_MINUTE: "1000000",
    PAWL_GATEWAY_STREAMS_PER_KEY: "1000000",
    PAWL_GATEWAY_STREAMS_PER_TENANT: "1000000",
  };
  const process_ = startProcess(process.execPath, args, {
    env: { ...world.env, ...patient, ...env },
  });
  const ready = JSON.parse(await process_.line("gateway_ready")) as { url: string };
  return { url: ready.url, port: Number(new URL(ready.url).port), process: process_ };
}

function flagsOf(door: NonNullable<GatewayProcessOptions["door"]>): readonly string[] {
  if (door === "keys") return [];
  return door === "open" ? ["--open"] : ["--token-file", door.tokenFile];
}

/** A key of the tenant with just these scopes. */
export async function keyFor(
  world: Pick<World, "db">,
  tenant: string,
  ...scopes: readonly KeyScope[]
): Promise<string> {
  const name = `${tenant} ${scopes.join(" ")}`;
  const made = await createApiKeys(world.db).create({ tenant, name, scopes, expiresAt: null });
  return made.key;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Null where the text is no JSON. */
  readonly json: Record<string, unknown> | null;
}

export interface Asking {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** `ask(url, "POST /v1/runs", { key, body })`. */
export async function ask(
  url: string,
  target: string,
  { key, body, headers = {} }: Asking = {},
): Promise<Answer> {
  const [method = "GET", path = "/"] = target.split(" ");
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
