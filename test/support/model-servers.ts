// Real servers of small models, as people run them on their own machine: llama.cpp's, and LiteLLM's proxy before it.
// They are asked for what they do by their documentation; nothing of them is replaced.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startProcess, until, type Process } from "./processes.ts";
import { litellmInstalled, llamaBuilt, modelMade } from "./small-models.ts";
import type { SmallModel } from "./find-llama.ts";

/** Loading a model on a machine that does other things. */
const START_MS = 180_000;

export interface ModelServer {
  readonly url: string;
  /** What it has logged. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

export interface LlamaOptions {
  readonly model: SmallModel;
  /** What it answers to; it answers as that whatever it is asked for. */
  readonly alias: string;
  readonly contextTokens: number;
  readonly flags?: readonly string[];
}

/** The likeliest token each time: the same prompt has the same answer. */
const SOBER = ["--temp", "0", "--seed", "1"];

export async function startLlama(options: LlamaOptions): Promise<ModelServer> {
  const { model, alias, contextTokens, flags = [] } = options;
  const [command, file, port] = await Promise.all([llamaBuilt(), modelMade(model), freePort()]);
  const args = ["-m", file, "-a", alias, "-c", String(contextTokens), "--parallel", "1"];
  const place = ["--host", "127.0.0.1", "--port", String(port)];
  const server = startProcess(command, [...args, ...place, "--jinja", ...SOBER, ...flags]);
  return await started(server, `http://127.0.0.1:${port}`, "/health");
}

/** By its two roads to a server: as one of Anthropic's API, and as one of OpenAI's. */
export const ROADS = ["anthropic", "openai"] as const;
export type Road = (typeof ROADS)[number];

export interface ProxiedModel {
  readonly name: string;
  readonly road: Road;
  readonly server: ModelServer;
}

/** Under which the proxy has it. */
export function proxiedName(road: Road, name: string): string {
  return `${road}-${name}`;
}

export const PROXY_KEY = "sk-of-a-test";

export async function startLitellm(models: readonly ProxiedModel[]): Promise<ModelServer> {
  const [command, port] = await Promise.all([litellmInstalled(), freePort()]);
  const dir = await mkdtemp(join(tmpdir(), "pawl-litellm-"));
  const config = join(dir, "config.yaml");
  await writeFile(config, configOf(models));
  const args = ["--config", config, "--host", "127.0.0.1", "--port", String(port)];
  const { PATH } = process.env;
  const env = { PATH, HOME: dir, LITELLM_LOCAL_MODEL_COST_MAP: "True" };
  const proxy = startProcess(command, args, { env, cwd: dir });
  const server = await started(proxy, `http://127.0.0.1:${port}`, "/health/liveliness");
  return {
    ...server,
    stop: async () => {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** JSON is YAML. */
function configOf(models: readonly ProxiedModel[]): string {
  return JSON.stringify({
    model_list: models.map(({ name, road, server }) => ({
      model_name: proxiedName(road, name),
      litellm_params: {
        model: `${road}/${name}`,
        api_base: road === "openai" ? `${server.url}/v1` : server.url,
        api_key: "none",
      },
    })),
    general_settings: { master_key: PROXY_KEY },
  });
}

async function started(server: Process, url: string, health: string): Promise<ModelServer> {
  const isUp = async (): Promise<boolean> =>
    await fetch(`${url}${health}`).then(
      ({ ok }) => ok,
      () => false,
    );
  const died = server.ended.then((code) => {
    throw new Error(`it ended with ${code}:\n${server.lines.slice(-30).join("\n")}`);
  });
  try {
    await Promise.race([until(`${url} serves`, isUp, START_MS), died]);
  } catch (error) {
    await server.kill();
    throw error;
  }
  died.catch(() => undefined);
  return { url, lines: server.lines, stop: () => server.kill() };
}
