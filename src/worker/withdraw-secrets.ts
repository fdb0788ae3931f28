// A worker has read its settings by the time it serves, and tools run in its process: what they find in
// `process.env`, and what programs find that they start, is no secret of ours.

export const SECRETS: readonly string[] = [
  ...["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "DATABASE_URL", "PGPASSWORD"],
  ...["PAWL_WEBHOOK_SECRET", "PAWL_SECRETS", "BRAVE_SEARCH_API_KEY", "TAVILY_API_KEY"],
  ...["TEMPORAL_API_KEY", "TEMPORAL_TLS_CLIENT_KEY_DATA", "TEMPORAL_TLS_CLIENT_CERT_DATA"],
];

export function withdrawSecrets(env: NodeJS.ProcessEnv): void {
  for (const name of SECRETS) {
    delete env[name];
    delete env[`${name}_FILE`];
  }
}
