// A server as its operator named it in `.mcp.json`, with all that it needs in place.

export interface StdioWay {
  readonly kind: "stdio";
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the few variables that every program needs. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
}

/** OAuth without a person: the server's tokens are given for these alone. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who gives tokens; the secret is sent to nobody else, whatever the server says. */
  readonly issuer: string;
  readonly scope: string | null;
}

export interface HttpWay {
  readonly kind: "http";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly oauth: ClientCredentials | null;
}

export interface McpServer {
  readonly name: string;
  readonly way: StdioWay | HttpWay;
  /** Of a call; null where the worker's own time for tools is meant. */
  readonly timeoutMs: number | null;
  /** What the server says of its tools is believed: one that says it only reads needs no more than `read`. */
  readonly trustHints: boolean;
  /** Values that nobody is to read in what its tools say. */
  readonly secrets: readonly string[];
}
