// Tells Node of our hooks, once a process: in its own thread where it can, since 22.15, else in one beside it.

import * as nodeModule from "node:module";
import { askedNext, askedOf, marked, sourceOf } from "./module-hooks.ts";

interface Context {
  readonly parentURL?: string;
}
interface Resolved {
  readonly url: string;
  readonly shortCircuit?: boolean;
}
interface Hooks {
  resolve(
    specifier: string,
    context: Context,
    next: (specifier: string, context: Context) => Resolved,
  ): Resolved;
  load(url: string, context: object, next: (url: string, context: object) => object): object;
}

let isInstalled = false;

export function installHooks(): void {
  if (isInstalled) return;
  isInstalled = true;
  // Not in the types of the oldest Node that we support.
  const register: unknown = Reflect.get(nodeModule, "registerHooks");
  if (typeof register === "function") register(HOOKS);
  else nodeModule.register("./hooks-thread.js", import.meta.url);
}

const HOOKS: Hooks = {
  resolve(specifier, context, next) {
    const { parentURL } = context;
    const asked = askedOf(specifier, parentURL);
    if (asked.kind === "ours") return { url: asked.url, shortCircuit: true };
    if (asked.kind === "elsewhere") return next(specifier, { ...context, ...asked });
    try {
      const found = next(specifier, context);
      return { ...found, url: marked(found.url, parentURL) };
    } catch (error) {
      const other = askedNext(specifier, parentURL);
      if (other === null || other.kind === "node") throw error;
      if (other.kind === "elsewhere") return next(specifier, { ...context, ...other });
      return { url: marked(other.url, parentURL), shortCircuit: true };
    }
  },
  load(url, context, next) {
    const source = sourceOf(url);
    return source === null ? next(url, context) : { format: "module", source, shortCircuit: true };
  },
};
