// `pawl doctor`: looks at what Pawl needs on this machine, and says what to do about the rest.

import type { Command } from "commander";
import type { CliContext } from "./context.ts";

export function addDoctor(program: Command, context: CliContext): void {
  program
    .command("doctor")
    .description("check what Pawl needs, and say what to do about the rest")
    .action(async () => {
      const [{ readConfig }, { inspect }] = await Promise.all([
        import("../config.ts"),
        import("../dev/doctor.ts"),
      ]);
      const config = readConfig(context.env);
      const findings = await inspect({ stateDir: config.PAWL_STATE_DIR, env: context.env });
      for (const { name, ok, detail, next } of findings) {
        context.stdout.write(`${ok ? "✓" : "✗"} ${name}: ${detail}\n`);
        if (!ok && next !== undefined) context.stdout.write(`    ${next}\n`);
      }
      context.exitCode = findings.every(({ ok }) => ok) ? 0 : 2;
    });
}
