// The offline model as a process of its own, which outlives all that the tests kill: its billing
// record is the only truth about what the provider charged.

import { packageFile } from "../../src/package-root.ts";
import { modelControl, type ModelControl } from "../../src/testing/model-control.ts";
import { startProcess, type Process } from "./processes.ts";

export type { BatchSeen, ModelRequestSeen } from "../../src/testing/model-control.ts";

export interface ModelWorld extends ModelControl {
  readonly url: string;
  readonly process: Process;
}

const MAIN = packageFile("dist/offline-model/main.js");

export async function startModelWorld(chunkDelayMs = 1): Promise<ModelWorld> {
  const process_ = startProcess(process.execPath, [MAIN, "--chunk-delay-ms", String(chunkDelayMs)]);
  const ready = await process_.line("offline_model_ready");
  const { url } = JSON.parse(ready) as { url: string };
  return { ...modelControl(url), url, process: process_ };
}
