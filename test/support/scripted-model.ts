// A model behind a provider that answers as a test says; what was started is stopped behind each test.

import { afterEach } from "@jest/globals";
import type { Model } from "../../src/model/model.ts";
import { aModel } from "./calls.ts";
import { startScriptedProvider, type Answer, type ScriptedProvider } from "./scripted-provider.ts";

export interface ScriptedModel {
  /** One at a time: another stops the one before. */
  of(answer: Answer): Promise<Model>;
  requests(): ScriptedProvider["requests"];
}

export function scriptedModel(): ScriptedModel {
  let provider: ScriptedProvider | undefined;
  const stop = async (): Promise<void> => {
    await provider?.stop();
    provider = undefined;
  };
  afterEach(stop);
  return {
    async of(answer) {
      await stop();
      provider = await startScriptedProvider(answer);
      return aModel(provider.url);
    },
    requests: () => provider?.requests ?? [],
  };
}
