// Sockets, and who holds them. A socket is at work while an answer is under way on it; until its first request,
// while its headers drip in and between two requests it only waits, and what waits is let go, the oldest first,
// before anybody who comes is.
//
// G6. Nobody's sockets keep others out: one address has a share of them, and silent or slow ones have a smaller
//     share, however many addresses they come from.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { networkOf, type Proxies } from "./client-address.ts";

export interface ConnectionLimits {
  readonly total: number;
  /** Of one network; a trusted proxy has all of the world behind it and is not counted. */
  readonly perNetwork: number;
  /** Those that only wait. */
  readonly waiting: number;
  readonly waitingPerNetwork: number;
}

const LIMITS: ConnectionLimits = {
  total: 2000,
  perNetwork: 500,
  waiting: 800,
  waitingPerNetwork: 200,
};

interface Held {
  /** Null where its network is not counted. */
  readonly network: Network | null;
  /** Answers under way. */
  active: number;
}

interface Network {
  readonly name: string;
  open: number;
  /** In the order in which they began to wait. */
  readonly waiting: Set<Socket>;
}

/** The sockets of this server are bounded from now on. */
export function boundConnections(
  server: Server,
  proxies: Pick<Proxies, "clientOf" | "isTrusted">,
  limits: ConnectionLimits = LIMITS,
): void {
  const connections = new Connections(proxies, limits);
  server.on("connection", (socket: Socket) => connections.take(socket));
  server.prependListener("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    connections.begin(socket);
    response.once("close", () => connections.finish(socket));
  });
}

class Connections {
  readonly #proxies: Pick<Proxies, "clientOf" | "isTrusted">;
  readonly #limits: ConnectionLimits;
  readonly #held = new Map<Socket, Held>();
  readonly #networks = new Map<string, Network>();
  /** In the order in which they began to wait. */
  readonly #waiting = new Set<Socket>();

  constructor(proxies: Pick<Proxies, "clientOf" | "isTrusted">, limits: ConnectionLimits) {
    this.#proxies = proxies;
    this.#limits = limits;
  }

  take(socket: Socket): void {
    const network = this.#networkOf(socket);
    this.#held.set(socket, { network, active: 0 });
    if (network !== null) network.open += 1;
    socket.once("close", () => this.#leave(socket));
    const { perNetwork, total } = this.#limits;
    if (network !== null && network.open > perNetwork)
      this.#letGo(oldestOf(network.waiting) ?? socket);
    if (this.#held.size > total) this.#letGo(oldestOf(this.#waiting) ?? socket);
    this.#wait(socket);
  }

  begin(socket: Socket): void {
    const held = this.#held.get(socket);
    if (held === undefined) return;
    held.active += 1;
    this.#waiting.delete(socket);
    held.network?.waiting.delete(socket);
  }

  finish(socket: Socket): void {
    const held = this.#held.get(socket);
    if (held === undefined) return;
    held.active -= 1;
    if (held.active === 0) this.#wait(socket);
  }

  #wait(socket: Socket): void {
    const held = this.#held.get(socket);
    if (held === undefined || socket.destroyed) return;
    const { waiting, waitingPerNetwork } = this.#limits;
    const { network } = held;
    this.#waiting.add(socket);
    network?.waiting.add(socket);
    if (network !== null && network.waiting.size > waitingPerNetwork) {
      this.#letGo(oldestOf(network.waiting));
    }
    if (this.#waiting.size > waiting) this.#letGo(oldestOf(this.#waiting));
  }

  #letGo(socket: Socket | null): void {
    if (socket === null) return;
    this.#leave(socket);
    socket.destroy();
  }

  #leave(socket: Socket): void {
    const held = this.#held.get(socket);
    if (held === undefined) return;
    this.#held.delete(socket);
    this.#waiting.delete(socket);
    const { network } = held;
    if (network === null) return;
    network.waiting.delete(socket);
    network.open -= 1;
    if (network.open === 0) this.#networks.delete(network.name);
  }

  #networkOf(socket: Socket): Network | null {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || this.#proxies.isTrusted(remoteAddress)) return null;
    const name = networkOf(this.#proxies.clientOf(remoteAddress, undefined));
    const network = this.#networks.get(name) ?? { name, open: 0, waiting: new Set<Socket>() };
    this.#networks.set(name, network);
    return network;
  }
}

function oldestOf(waiting: ReadonlySet<Socket>): Socket | null {
  const [oldest] = waiting;
  return oldest ?? null;
}
