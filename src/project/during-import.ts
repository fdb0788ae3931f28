// Imports a file of the user's within bounds: not for ever, without ending the process, and so that a promise that it
// drops and that fails is the file's failure and not the worker's.

import { pathToFileURL } from "node:url";

const LOAD_MAX_MS = 10_000;

export class NotLoadedInTime extends Error {}
export class TriedToExit extends Error {}

export async function duringImport<T>(path: string, load: () => Promise<T>): Promise<T> {
  // oxlint-disable-next-line typescript/unbound-method -- to be put back as it was
  const { exit } = process;
  const url = pathToFileURL(path).href;
  let refuse: (error: unknown) => void = () => undefined;
  const refused = new Promise<never>((_, reject) => (refuse = reject));
  const timer = setTimeout(
    () => refuse(new NotLoadedInTime(`It was not loaded within ${LOAD_MAX_MS / 1000} s.`)),
    LOAD_MAX_MS,
  );
  const onDropped = (reason: unknown): void => {
    // Whoever else drops a promise meanwhile fails as ever.
    if (reason instanceof Error && !(reason.stack ?? "").includes(url)) throw reason;
    refuse(reason);
  };
  process.on("unhandledRejection", onDropped);
  refused.catch(() => undefined);
  process.exit = (code) => {
    if (!(new Error("who").stack ?? "").includes(url)) return exit.call(process, code);
    const error = new TriedToExit(`It calls process.exit(${code ?? ""}) while it is loaded.`);
    refuse(error);
    throw error;
  };
  try {
    const loading = load();
    loading.catch(() => undefined);
    const loaded = await Promise.race([loading, refused]);
    // Node tells of a dropped promise once the microtasks are through.
    await Promise.race([new Promise((resolve) => void setImmediate(resolve)), refused]);
    return loaded;
  } finally {
    clearTimeout(timer);
    process.exit = exit;
    process.off("unhandledRejection", onDropped);
  }
}
