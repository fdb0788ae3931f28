// A certificate authority of a test, and what it signs: for servers that ask for a certificate, and for clients
// that are to know theirs by its authority. Made by openssl, in a folder of the test.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Issue {
  /** As in `DNS:localhost,IP:127.0.0.1`. */
  readonly san?: string;
  /** From now; one that ran out has less than none. */
  readonly days?: number;
}

export interface Authority extends Certificate {
  issue(name: string, terms?: Issue): Certificate;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export function createAuthority(dir: string, name = "authority"): Authority {
  const fileOf = (of: string, kind: string): string => join(dir, `${of}.${kind}`);
  const filesOf = (of: string): Certificate => {
    return { certFile: fileOf(of, "crt"), keyFile: fileOf(of, "key") };
  };
  const own = filesOf(name);
  const key = (of: string): string[] => [...NEW_KEY, "-keyout", filesOf(of).keyFile];
  const subject = (of: string): string[] => ["-subj", `/CN=${of}`];
  openssl("req", "-x509", ...key(name), ...subject(name), "-out", own.certFile);
  return {
    ...own,
    issue: (of, { san = "DNS:localhost,IP:127.0.0.1", days = 30 } = {}) => {
      const request = fileOf(of, "csr");
      const names = ["-addext", `subjectAltName=${san}`];
      openssl("req", "-new", ...key(of), ...subject(of), ...names, "-out", request);
      const by = ["-CA", own.certFile, "-CAkey", own.keyFile, "-CAcreateserial"];
      const terms = ["-days", String(days), "-copy_extensions", "copy"];
      const out = ["-out", filesOf(of).certFile];
      openssl("x509", "-req", "-in", request, ...by, ...terms, ...out);
      return filesOf(of);
    },
  };
}

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}
