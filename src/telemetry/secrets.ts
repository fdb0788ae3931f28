// The values that may be told to nobody, of all that a process was configured with.

import type { Config } from "../config.ts";

export function secretsOf(config: Config): readonly string[] {
  const { database, libpq, provider, approvals, tools } = config;
  const urls = [database.url, provider.baseUrl, approvals.webhookUrl];
  return [
    ...[database.url, provider.apiKey, provider.authToken, approvals.webhookSecret, libpq.password],
    ...[database.access?.password, database.access?.tls.keyPassword],
    ...[tools.braveKey, tools.tavilyKey],
    ...Object.values(tools.secrets ?? {}).map(({ value }) => value),
    ...urls.flatMap((url) => passwordsIn(url)),
  ].filter((secret) => typeof secret === "string");
}

/** As it is written there, and as it is meant. */
function passwordsIn(url: string | undefined): readonly string[] {
  if (url === undefined || !URL.canParse(url)) return [];
  const { password } = new URL(url);
  return [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
