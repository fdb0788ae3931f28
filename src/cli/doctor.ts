// `pawl doctor`: looks at what Pawl needs on this machine, and says what to do about the rest.

import type { Command } from "commander";
import { spelledOut } from "../domain/shown-text.ts";
import type { CliContext } from "./context.ts";
import { USAGE_EXIT } from "./exit-code.ts";

const SIGNS = { ok: "✓", warn: "!", fail: "✗" } as const;

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
      const findings = await inspect({ config, env: context.env });
      for (const { name, status, detail, fix } of findings) {
        context.stdout.write(`${SIGNS[status]} ${name}: ${spelledOut(detail)}\n`);
        if (fix !== undefined) context.stdout.write(`    ${spelledOut(fix)}\n`);
      }
      context.exitCode = findings.some(({ status }) => status === "fail") ? USAGE_EXIT : 0;
    });
}
