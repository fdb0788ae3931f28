// What the bare loop does in a turn: sends the request that Pawl sent in the same turn, by raw fetch,
// and keeps nothing: no ledger, no transcript, no text for viewers.

export interface BareActivities {
  ask(turn: number): Promise<string>;
  calculate(turn: number): Promise<number>;
}

const headers = {
  "content-type": "application/json",
  "anthropic-version": "2023-06-01",
  authorization: "Bearer offline",
};

export function bareActivities(modelUrl: string, bodies: readonly string[]): BareActivities {
  return {
    async ask(turn) {
      const body = bodies[turn % bodies.length] ?? "";
      const response = await fetch(`${modelUrl}/v1/messages`, { method: "POST", headers, body });
      const text = await response.text();
      if (!response.ok) throw new Error(text);
      return text;
    },
    calculate: async (turn) => turn + 1,
  };
}
