// The columns by which runs are listed and filtered: search attributes, in Temporal's words. They are
// sent as they are, whatever codec payloads have: nothing private belongs in them.
// Pure: workflow code may import it.

export const COLUMNS = {
  agent: { name: "PawlAgent", type: "KEYWORD" },
  tenant: { name: "PawlTenant", type: "KEYWORD" },
  session: { name: "PawlSession", type: "KEYWORD" },
  status: { name: "PawlStatus", type: "KEYWORD" },
  outcome: { name: "PawlOutcome", type: "KEYWORD" },
  costUsd: { name: "PawlCostUsd", type: "DOUBLE" },
  turns: { name: "PawlTurns", type: "INT" },
} as const;
