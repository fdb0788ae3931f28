// Loaded into a worker whose memory is measured (`--import`): collects in all its threads when the process
// gets SIGWINCH. What a heap has not yet given back is no memory that runs need.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

setFlagsFromString("--expose-gc");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the flag exposes
const collect = runInNewContext("gc") as () => void;
const others = new BroadcastChannel("pawl-bench-collect-garbage");
others.addEventListener("message", () => collect());
others.unref();

if (isMainThread) {
  process.on("SIGWINCH", () => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, no window
    others.postMessage("collect");
    collect();
  });
}
