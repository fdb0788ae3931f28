// How firmly code is locked in that nobody has read: what each tier promises is docs/running-code.md.

/** From the weakest to the strongest. */
export const SANDBOX_TIERS = ["wasm", "jail", "bwrap"] as const;
export type SandboxTier = (typeof SANDBOX_TIERS)[number];

export function isAtLeast(tier: SandboxTier, smallest: SandboxTier): boolean {
  return SANDBOX_TIERS.indexOf(tier) >= SANDBOX_TIERS.indexOf(smallest);
}
