// Pawl's own client of MCP, as the official conformance suite runs it: connects, lists, calls. The address of the
// suite's server is the last argument; credentials come in MCP_CONFORMANCE_CONTEXT.

import { startChildKeeper } from "../../dist/src/mcp/child-keeper.js";
import { openConnection } from "../../dist/src/mcp/connection.js";
import { guardFor } from "../../dist/src/mcp/guard.js";

const url = new URL(process.argv.at(-1));
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? "{}");
const { client_id: clientId, client_secret: clientSecret } = context;
const oauth =
  clientId === undefined || clientSecret === undefined
    ? null
    : { clientId, clientSecret, issuer: await issuerOf(url), scope: null };

const server = {
  name: "conformance",
  way: { kind: "http", url, headers: {}, oauth },
  timeoutMs: null,
  trustHints: false,
  secrets: [],
};
const world = { fetchFor: guardFor({}), keeper: startChildKeeper(), version: "0.0.0" };
const { signal } = new AbortController();
const connection = await openConnection(server, world, { knownEra: null, signal });
const { tools } = await connection.list(20_000);
for (const tool of tools) {
  await connection.call(tool, argumentsFor(tool), {
    timeoutMs: 20_000,
    signal,
    onProgress: () => undefined,
  });
}
await connection.close();
process.exit(0);

/** What an operator would write down as the issuer: here whom the suite's server names. */
async function issuerOf(resource) {
  const path = resource.pathname === "/" ? "" : resource.pathname;
  for (const place of [
    `/.well-known/oauth-protected-resource${path}`,
    "/.well-known/oauth-protected-resource",
  ]) {
    const answer = await fetch(new URL(place, resource));
    if (answer.ok) return (await answer.json()).authorization_servers[0];
  }
  return resource.origin;
}

function argumentsFor({ inputSchema: { properties = {} } }) {
  const values = { number: 2, integer: 2, boolean: true, array: [], object: {} };
  return Object.fromEntries(
    Object.entries(properties).map(([name, { type }]) => [name, values[type] ?? "text"]),
  );
}
