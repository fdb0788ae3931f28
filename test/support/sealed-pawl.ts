// Pawl as it is when payloads are encrypted: a copy of the build with one file changed, the data
// converter. Its codec is no secret, but nothing in a payload can be read without it.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import type { CliRun } from "./cli.ts";
import { startCommand } from "./cli-process.ts";

const COMMAND_MS_MAX = 60_000;

const CONVERTER = `
import proto from "@temporalio/proto";
const { Payload } = proto.temporal.api.common.v1;
const SEALED = Buffer.from("binary/sealed");
const turn = (bytes) => bytes.map((byte) => byte ^ 0x5a);
const isSealed = ({ metadata }) => SEALED.equals(Buffer.from(metadata?.encoding ?? []));
const codec = {
  encode: async (payloads) =>
    payloads.map((payload) => ({
      metadata: { encoding: SEALED },
      data: turn(Payload.encode(payload).finish()),
    })),
  decode: async (payloads) =>
    payloads.map((payload) => (isSealed(payload) ? Payload.decode(turn(payload.data)) : payload)),
};
export const DATA_CONVERTER = { payloadCodecs: [codec] };
`;

export interface SealedPawl {
  /** Path in the repository. */
  readonly workerMain: string;
  run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<CliRun>;
  remove(): void;
}

/** Inside `dist`, so that imports of packages resolve as those of the real build do. */
export function plantSealedPawl(): SealedPawl {
  const dir = mkdtempSync(packageFile("dist/planted-"));
  for (const folder of ["src", "activities"]) {
    cpSync(packageFile(`dist/${folder}`), join(dir, folder), { recursive: true });
  }
  writeFileSync(join(dir, "src/temporal/data-converter.js"), CONVERTER);
  const cli = join(dir, "src/cli/main.js");
  return {
    workerMain: `dist/${basename(dir)}/src/worker/main.js`,
    async run(args, env) {
      const command = startCommand(process.execPath, [cli, ...args], env);
      // What can't read a run may wait for it for ever.
      const deadline = setTimeout(() => command.signal("SIGKILL"), COMMAND_MS_MAX);
      return await command.ended.finally(() => clearTimeout(deadline));
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
