// Bundles the workflows once, at build time: a worker that bundles at its start is seconds late.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode, type WorkflowBundleWithSourceMap } from "@temporalio/worker";
import { packageFile } from "../package-root.ts";
import { BUNDLE_FILE } from "./bundle-file.ts";

export async function bundleWorkflows(workflowsPath: string): Promise<WorkflowBundleWithSourceMap> {
  const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };
  return await bundleWorkflowCode({ workflowsPath, logger: quiet });
}

const isMain = process.argv[1] === fileURLToPath(import.meta.url);
if (isMain) {
  const { code } = await bundleWorkflows(packageFile("dist/workflows/index.js"));
  mkdirSync(dirname(BUNDLE_FILE), { recursive: true });
  writeFileSync(BUNDLE_FILE, code);
}
