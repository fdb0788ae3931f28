// Sockets as they come, wait and work, over real ones: who is let go when there are too many.

import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { createProxies } from "../../../src/gateway/client-address.ts";
import { boundConnections, type ConnectionLimits } from "../../../src/gateway/connections.ts";
import { until } from "../../support/processes.ts";

const LIMITS: ConnectionLimits = { total: 20, perNetwork: 12, waiting: 9, waitingPerNetwork: 6 };

let server: Server;
const sockets: Client[] = [];
const answers: ServerResponse[] = [];

interface Client {
  readonly socket: Socket;
  isOpen: boolean;
  said: string;
}

/** `/held` is answered when the test says so, all else at once. */
async function serve(limits: ConnectionLimits = LIMITS, trusted: readonly string[] = []) {
  server = createServer((request, response) => {
    if (request.url === "/held") {
      response.write("begun");
      answers.push(response);
    } else response.end("done");
  });
  boundConnections(server, createProxies(trusted), limits);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
}

async function come(from = "127.0.0.1"): Promise<Client> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  const client: Client = { socket, isOpen: true, said: "" };
  socket.on("error", () => undefined);
  socket.on("close", () => (client.isOpen = false));
  socket.on("data", (bytes) => (client.said += bytes.toString()));
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  sockets.push(client);
  return client;
}

async function ask(client: Client, path: string): Promise<void> {
  client.said = "";
  client.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await until("it is answered, or cut off", () => client.said.includes("\n") || !client.isOpen);
}

async function many(n: number, from?: string): Promise<readonly Client[]> {
  const clients: Client[] = [];
  for (let at = 0; at < n; at += 1) clients.push(await come(from));
  return clients;
}

const open = (clients: readonly Client[]): number => clients.filter(({ isOpen }) => isOpen).length;

afterEach(async () => {
  for (const { socket } of sockets.splice(0)) socket.destroy();
  for (const answer of answers.splice(0)) answer.end();
  await new Promise((resolve) => server.close(resolve));
});

test("G6: silent sockets of one address make room for its next one, the oldest first", async () => {
  await serve();
  const silent = await many(20);
  await until("six are left", () => open(silent) === 6);
  expect(silent.slice(-6).every(({ isOpen }) => isOpen)).toBe(true);
  const caller = await come();
  await ask(caller, "/");
  expect(caller.said).toContain("200 OK");
});

test("G6: headers that drip in keep nobody out either", async () => {
  await serve();
  const slow = await many(6);
  for (const { socket } of slow) socket.write("GET / HTTP/1.1\r\nX-Slow: 1\r\n");
  const caller = await come();
  await ask(caller, "/");
  expect(caller.said).toContain("200 OK");
  await until("one of them is let go", () => open(slow) === 5);
});

test("G6: silent sockets of many addresses together leave room for others", async () => {
  await serve();
  const silent = [
    ...(await many(6, "127.0.0.2")),
    ...(await many(6, "127.0.0.3")),
    ...(await many(6, "127.0.0.4")),
  ];
  await until("nine are left", () => open(silent) === 9);
  const caller = await come("127.0.0.5");
  await ask(caller, "/");
  expect(caller.said).toContain("200 OK");
});

test("a socket at work is never let go for one that waits", async () => {
  await serve();
  const working = await many(5);
  for (const client of working) await ask(client, "/held");
  await many(20);
  expect(open(working)).toBe(5);
});

test("one address has a share, and not all: what it has at work beyond is refused, others are heard", async () => {
  await serve();
  const working: Client[] = [];
  for (let n = 0; n < 12; n += 1) {
    const client = await come();
    await ask(client, "/held");
    working.push(client);
  }
  expect(open(working)).toBe(12);
  const refused = await come();
  await until("it is refused", () => !refused.isOpen);
  const other = await come("127.0.0.2");
  await ask(other, "/");
  expect(other.said).toContain("200 OK");
});

test("a socket between two requests waits, and goes on while there is room", async () => {
  await serve();
  const caller = await come();
  await ask(caller, "/");
  await ask(caller, "/");
  expect(caller.said).toContain("200 OK");
  const silent = await many(6);
  await until("the oldest is let go", () => !caller.isOpen);
  expect(open(silent)).toBe(6);
});

test("a trusted proxy has all of the world behind it: its sockets are bounded by the total alone", async () => {
  await serve({ ...LIMITS, waiting: 20 }, ["127.0.0.1"]);
  const proxy = await many(18);
  for (const client of proxy) await ask(client, "/held");
  expect(open(proxy)).toBe(18);
});
