// How far a run may go: the lowest of what its caller, the caller's key and its agent may.
//
//   J4. A tool above it is not offered, and not executed whoever calls it. Nobody can raise what another has said,
//       and a word that is no permission permits nothing.

/** From the lowest to the highest; each permits what those before it permit. */
export const PERMISSIONS = ["read", "write", "execute", "admin"] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** Pinned when a run is opened; absent where nobody said how far it may go. */
export interface RunPermission {
  readonly lowest: Permission;
  /** Tools of its agent that need more, by name, and what they need: a model that calls one is told. */
  readonly withheld: Readonly<Record<string, Permission>>;
}

/** Undefined where nobody says anything: then no tool is too high. */
export function lowestOf(said: readonly (Permission | null | undefined)[]): Permission | undefined {
  const given = said.filter((one) => one !== undefined && one !== null);
  return given.toSorted((a, b) => rankOf(a) - rankOf(b))[0];
}

export function permits(lowest: Permission | undefined, needed: Permission): boolean {
  return lowest === undefined || (rankOf(needed) >= 0 && rankOf(needed) <= rankOf(lowest));
}

/** Null where the name is withheld from nobody. */
export function whyWithheld(run: RunPermission | undefined, name: string): string | null {
  if (run === undefined || !Object.hasOwn(run.withheld, name)) return null;
  return `${name} needs the permission ${run.withheld[name]}, and this run has ${run.lowest}`;
}

/** -1, below all others, of what is no permission. */
function rankOf(permission: Permission): number {
  return PERMISSIONS.indexOf(permission);
}
