// The hooks of a Node that runs them in a thread of their own (before 22.15).

import type { LoadHook, ResolveHook } from "node:module";
import { askedNext, askedOf, marked, sourceOf } from "./module-hooks.ts";

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const { parentURL } = context;
  const asked = askedOf(specifier, parentURL);
  if (asked.kind === "ours") return { url: asked.url, shortCircuit: true };
  if (asked.kind === "elsewhere") return await nextResolve(specifier, { ...context, ...asked });
  try {
    const found = await nextResolve(specifier, context);
    return { ...found, url: marked(found.url, parentURL) };
  } catch (error) {
    const next = askedNext(specifier, parentURL);
    if (next === null) throw error;
    if (next.kind === "elsewhere") return await nextResolve(specifier, { ...context, ...next });
    if (next.kind === "node") throw error;
    return { url: marked(next.url, parentURL), shortCircuit: true };
  }
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const source = sourceOf(url);
  if (source === null) return await nextLoad(url, context);
  return { format: "module", source, shortCircuit: true };
};
