// An environment without its empty variables: compose files pass on what is not set as an empty one. Whoever
// hands an environment to something that reads it raw hands on this.

type Environment = Readonly<Record<string, string | undefined>>;

export function onlySet(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
}
