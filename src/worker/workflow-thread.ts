// Where the SDK's workflow thread begins instead of in its own file, which is named by the first argument:
// see promise-hook.ts. Only hooks like the SDK's are denied; Node has its own, with a `before`.

import { createRequire } from "node:module";
import v8 from "node:v8";

const { createHook } = v8.promiseHooks;

v8.promiseHooks.createHook = (callbacks) => {
  if (callbacks.before !== undefined) return createHook(callbacks);
  sayNothingOfIt();
  throw new Error("Stack traces are off: PAWL_STACK_TRACES=1 turns them on.");
};

/** The SDK goes on without, but for a line on the console, which is no news to anybody. */
function sayNothingOfIt(): void {
  // oxlint-disable-next-line no-console -- the SDK's, not ours
  const { warn } = console;
  const restored = setImmediate(() => Object.assign(console, { warn }));
  const swallow = (): void => {
    clearImmediate(restored);
    Object.assign(console, { warn });
  };
  Object.assign(console, { warn: swallow });
}

createRequire(import.meta.url)(process.argv[2] ?? "");
