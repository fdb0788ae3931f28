// The one release of the Temporal CLI that Pawl gets for itself, by download or by building it, and what its
// archives must be: they are executed, so neither the network nor a mirror is trusted for them. The sums were taken
// from public package lists (two or more for each, which agree), since GitHub could not be reached; those of another
// version stand in the checksum file of its release.

export const TEMPORAL_VERSION = "1.5.1";

const ARCHIVE_SHA256: Readonly<Record<string, string>> = {
  linux_amd64: "ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d",
  linux_arm64: "bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5",
  darwin_amd64: "bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9",
  darwin_arm64: "cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415",
};

export interface TemporalArchive {
  /** Below the address of all releases. */
  readonly path: string;
  readonly sha256: string;
}

/** Undefined where no sum is known: what can't be checked is not executed. */
export function archiveFor(platform: string, arch: string): TemporalArchive | undefined {
  const target = `${platform}_${arch === "x64" ? "amd64" : arch}`;
  const sha256 = ARCHIVE_SHA256[target];
  if (sha256 === undefined) return undefined;
  const version = TEMPORAL_VERSION;
  return { path: `v${version}/temporal_cli_${version}_${target}.tar.gz`, sha256 };
}
