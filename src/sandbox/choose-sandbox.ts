// The sandbox of this process: the strongest tier whose probe holds, at least the smallest that is wanted. Where none
// does there is none, and never a weaker one in its place. Probed once, when somebody first asks.

import { availableParallelism } from "node:os";
import { isAtLeast, type SandboxTier } from "../domain/sandbox-tier.ts";
import { bwrapProvider } from "./bwrap.ts";
import { jailProvider } from "./jail.ts";
import { type CodeOutcome, type CodeRun, type Language, type SandboxProvider } from "./sandbox.ts";
import { takeTurns } from "./turns.ts";
import { wasmProvider } from "./wasm.ts";

export type Sandbox =
  | {
      readonly kind: "holds";
      readonly tier: SandboxTier;
      readonly languages: readonly Language[];
      readonly evidence: string;
      run(run: CodeRun): Promise<CodeOutcome>;
    }
  | { readonly kind: "none"; readonly why: string };

/** Asks once; whoever comes later is told the same. */
export type AskSandbox = () => Promise<Sandbox>;

export function sandboxOf(smallest: SandboxTier, env: NodeJS.ProcessEnv = process.env): AskSandbox {
  let asked: Promise<Sandbox> | null = null;
  return () => (asked ??= chooseSandbox(providersOf(env), smallest));
}

function providersOf(env: NodeJS.ProcessEnv): readonly SandboxProvider[] {
  return [bwrapProvider(env), jailProvider(env), wasmProvider()];
}

/** A program has a core to itself, and a machine's memory is not promised twice. */
const PROGRAMS_AT_ONCE = Math.max(2, availableParallelism());

/** The providers from the strongest to the weakest. */
export async function chooseSandbox(
  providers: readonly SandboxProvider[],
  smallest: SandboxTier,
): Promise<Sandbox> {
  const failures: string[] = [];
  for (const provider of providers.filter(({ tier }) => isAtLeast(tier, smallest))) {
    const { tier } = provider;
    const probe = await provider.probe();
    if (probe.kind === "holds") {
      const inTurn = takeTurns(PROGRAMS_AT_ONCE);
      const { languages, evidence } = probe;
      const run = (code: CodeRun): Promise<CodeOutcome> =>
        inTurn(code.signal, () => provider.run(code));
      return { kind: "holds", tier, languages, evidence, run };
    }
    failures.push(`${tier}: ${probe.why}`);
  }
  const wanted = smallest === "wasm" ? "" : ` (PAWL_SANDBOX_MIN_TIER=${smallest})`;
  return { kind: "none", why: `${failures.join("; ")}${wanted}` };
}
