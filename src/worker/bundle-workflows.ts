// Bundles the workflows once, at build time: a worker that bundles at its start is seconds late. All that they are
// made of is loaded once for all runs of a worker, and not once a run: none of it remembers anything.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import {
  bundleWorkflowCode,
  type BundleOptions,
  type WorkflowBundleWithSourceMap,
} from "@temporalio/worker";
import { packageFile } from "../package-root.ts";
import { BUNDLE_FILE } from "./bundle-file.ts";

export async function bundleWorkflows(
  workflowsPath: string,
  more: Pick<BundleOptions, "preloadModules" | "payloadConverterPath"> = {},
): Promise<WorkflowBundleWithSourceMap> {
  const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };
  return await bundleWorkflowCode({ workflowsPath, logger: quiet, ...more });
}

const isMain = process.argv[1] === fileURLToPath(import.meta.url);
if (isMain) {
  const workflows = packageFile("dist/workflows/index.js");
  const { code } = await bundleWorkflows(workflows, {
    preloadModules: [workflows],
    payloadConverterPath: packageFile("dist/src/temporal/lenient-converter.js"),
  });
  mkdirSync(dirname(BUNDLE_FILE), { recursive: true });
  writeFileSync(BUNDLE_FILE, code);
}
