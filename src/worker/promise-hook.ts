// The SDK's workflow thread hooks every promise, to know where a run stands when Temporal asks for its
// stack trace: a fifth of what a worker does in a turn. The SDK has no option for it, but goes on
// where it gets no hook. So its thread begins in a file of ours, which denies it one and then goes on with the
// SDK's. Where another version of the SDK begins otherwise nothing is changed, and a test says so.

import { existsSync } from "node:fs";
import workerThreads, { type WorkerOptions } from "node:worker_threads";
import { packageFile } from "../package-root.ts";

/** Built: a thread can't be given TypeScript. */
const OUR_THREAD = packageFile("dist/src/worker/workflow-thread.js");
const SDK_THREAD =
  /[\\/]@temporalio[\\/]worker[\\/]lib[\\/]workflow[\\/]workflow-worker-thread\.js$/;

/** For the threads that begin while `create` is under way. */
export async function withoutPromiseHook<T>(create: () => Promise<T>): Promise<T> {
  const { Worker } = workerThreads;
  if (!existsSync(OUR_THREAD)) return await create();
  workerThreads.Worker = class extends Worker {
    constructor(file: string | URL, options?: WorkerOptions) {
      if (typeof file === "string" && SDK_THREAD.test(file)) {
        super(OUR_THREAD, { ...options, argv: [file] });
      } else {
        super(file, options);
      }
    }
  };
  try {
    return await create();
  } finally {
    workerThreads.Worker = Worker;
  }
}
