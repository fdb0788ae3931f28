// `pawl/testing`: what tests of your own agents and tools need, with no key and nothing to pay.

export {
  openWorld,
  type ProviderFault,
  type ScriptedReply,
  type World,
  type WorldModel,
  type WorldOptions,
} from "./world.ts";
