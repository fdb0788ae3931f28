// Authorities and certificates of a test, made by openssl in a folder of its own: each is FILE.crt and FILE.key.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

interface Wish {
  readonly name: string;
  /** `self`: nobody's signature but its own. */
  readonly by: string;
  /** Common name; of a client the role. */
  readonly subject: string;
  /** Of a server: what it may be called. */
  readonly names?: readonly string[];
  readonly days?: number;
  /** Of the key. */
  readonly password?: string;
}

export interface Certificates {
  readonly dir: string;
  /** The path of a file. */
  of(file: string): string;
  remove(): Promise<void>;
}

const run = promisify(execFile);
const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/** An authority has to come before who is signed by it. */
export async function makeCertificates(wishes: readonly Wish[]): Promise<Certificates> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-certificates-"));
  for (const wish of wishes) await make(wish, dir);
  return {
    dir,
    of: (file) => join(dir, file),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

async function make(wish: Wish, dir: string): Promise<void> {
  const { name, by, subject, names = [], days = 2, password } = wish;
  const hidden = password === undefined ? ["-nodes"] : ["-passout", `pass:${password}`];
  const own = ["-keyout", `${name}.key`, "-subj", `/CN=${subject}`];
  const openssl = async (...args: readonly string[]) => await run("openssl", args, { cwd: dir });
  if (by === "self") {
    const alt = names.length === 0 ? [] : ["-addext", `subjectAltName=${names.join(",")}`];
    await openssl(
      "req",
      "-x509",
      ...EC,
      ...hidden,
      ...own,
      ...alt,
      "-out",
      `${name}.crt`,
      "-days",
      `${days}`,
    );
    return;
  }
  await openssl("req", "-new", ...EC, ...hidden, ...own, "-out", `${name}.csr`);
  await writeFile(
    join(dir, `${name}.ext`),
    names.length === 0 ? "" : `subjectAltName=${names.join(",")}\n`,
  );
  await openssl(
    ...["x509", "-req", "-in", `${name}.csr`, "-CA", `${by}.crt`, "-CAkey", `${by}.key`],
    ...["-CAcreateserial", "-extfile", `${name}.ext`, "-days", `${days}`, "-out", `${name}.crt`],
  );
}
